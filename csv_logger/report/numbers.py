"""The numbers of a report, in the units that people use: what `--json` prints, and table, page and picture show."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was counted in some time; None where nothing was told of it. Day and night: the meter's tariffs."""

    drawn_kwh: float | None
    drawn_day_kwh: float | None
    drawn_night_kwh: float | None
    injected_kwh: float | None
    injected_day_kwh: float | None
    injected_night_kwh: float | None
    media: Mapping[str, float]  # gas and water in m³, heat and cooling in GJ


@dataclass(frozen=True, slots=True)
class Span:
    """A day, a month, or all that was asked for."""

    name: str  # 2026-10-25, 2026-10
    amounts: Amounts
    peak_kw: float | None  # highest quarter-hour of those that were recorded to their end
    peak_end: str  # of it, ISO 8601; empty without a peak
    recorded_percent: float  # minutes that have a row


@dataclass(frozen=True, slots=True)
class Pause:
    """A time without a row that goes over midnight: what was counted in it belongs to no day."""

    begin: str  # ISO 8601
    end: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class CapacityMonth:
    """A month of the capacity tariff."""

    month: str
    told_kw: float | None  # the peak that the meter tells
    computed_kw: float | None  # the highest quarter-hour that was recorded
    counted_kw: float  # what is billed: at least 2.5


@dataclass(frozen=True, slots=True)
class Capacity:
    """The mean of the last twelve month peaks."""

    mean_kw: float
    eur_per_year: float | None  # at the price of [tariff] capacity
    months: tuple[CapacityMonth, ...]  # those of the twelve of which a peak is known, oldest first

    @property
    def basis(self) -> str:
        """Say of how many months it is the mean."""
        return f"mean of {len(self.months)} month{'s' if len(self.months) > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Report:
    """All of it; `notes` are sentences. Months and days are those that have a reading, and the pauses stand apart."""

    meter: str
    period: str  # 2026-10, 2026; empty: all that was recorded
    begin: str  # first and last reading of it, ISO 8601
    end: str
    rows: int  # that were read, in the files around the period too
    duplicates: int  # left out
    unreadable: int  # left out
    units: Mapping[str, str]  # of the media
    total: Span
    months: tuple[Span, ...]
    days: tuple[Span, ...]
    pauses: tuple[Pause, ...]
    capacity: Capacity | None
    notes: tuple[str, ...]
