"""The month peaks as the meter itself tells them: what the grid operator bills by."""

import json
from datetime import datetime
from typing import NamedTuple

from common.timestamps import month_before

Month = str  # `2026-10`
MOST_KW = 1000.0  # more is no house


class Peak(NamedTuple):
    """The highest quarter-hour of a month: kW, and the end of that quarter (ISO 8601)."""

    kw: float
    end: str


class Told:
    """The highest peak that was told of each month: within a month it only rises, and the history tells how it ended."""

    def __init__(self) -> None:
        self.peaks: dict[Month, Peak] = {}
        self._heard: tuple[tuple[str, str], str] = (("", ""), "")

    def hear(self, peak: tuple[str, str], history: str) -> None:
        """Take in the cells of a row; what is no peak in them is passed over."""
        heard_peak, heard_history = self._heard
        self._heard = (peak, history)
        if peak != heard_peak and all(peak):
            self._keep("", *peak)
        if history and history != heard_history:
            self._hear_history(history)

    def _hear_history(self, text: str) -> None:
        try:
            months = json.loads(text)
        except (ValueError, RecursionError):
            return
        for one in months if isinstance(months, list) else ():
            match one:
                case {"month": str() as month, "value": int() | float() as kw, "timestamp": str() as end}:
                    self._keep(month, kw, end)

    def _keep(self, month: Month, kw: str | float, end: str) -> None:
        """Keep a peak; the month is that of its time, if it is not told."""
        try:
            peak = Peak(float(kw), datetime.fromisoformat(end).isoformat())
            datetime.fromisoformat(f"{month or '2000-01'}-01")
        except ValueError:
            return
        if not month:  # a quarter that ends with a month's first second belongs to the month before
            is_first = peak.end[8:19] == "01T00:00:00"
            if is_first and not peak.kw:
                return  # a register that begins anew
            month = month_before(end) if is_first else peak.end[:7]
        if 0 <= peak.kw < MOST_KW and peak.kw > self.peaks.get(month, _NONE).kw:  # NaN neither
            self.peaks[month] = peak


_NONE = Peak(-1.0, "")
