"""What comes over the broker, judged: a fresh telegram, a command, or something to ignore and count."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from common.freshness import FreshnessJudge, Verdict
from common.payload import PayloadError, parse
from common.timestamps import YEARS
from common.topics import Topics
from relay_controller.events import Command, Telegram
from relay_controller.load_state import Mode

_SHOWN = 40  # characters of something unknown
_COMMANDS = {mode.name: mode for mode in Mode}  # ON, OFF, AUTO


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that moves nothing: why, in words that health counts, and the detail for the log."""

    why: str
    detail: str


class Intake:
    """Reads `telegram` and `load/NAME/set`. Old messages are never acted upon, whoever kept them."""

    def __init__(self, topics: Topics, loads: Collection[str], judge: FreshnessJudge) -> None:
        self._topics = topics
        self._loads = loads
        self._judge = judge

    def telegram(self, payload: bytes, *, retained: bool, now: datetime, now_s: float) -> Telegram | Ignored:
        """Judge a telegram; `now` is the host's time in UTC, `now_s` its monotonic clock."""
        try:
            reading = parse(payload)
        except PayloadError as error:
            return Ignored("not a telegram", str(error))
        if reading.meter != self._topics.meter:
            return Ignored("other meter", f"it is of {reading.meter[:_SHOWN]!r}")
        if int(reading.timestamp[:4]) not in YEARS:  # ISO 8601
            return Ignored("impossible time", reading.timestamp)
        verdict = self._judge.judge(reading, retained=retained, now=now, now_s=now_s)
        if verdict is not Verdict.FRESH:
            return Ignored(verdict.value, f"received {reading.received.isoformat()}, lag {reading.lag_s} s")
        return Telegram(reading, self._judge.stale_after.seconds)

    def command(self, topic: str, payload: bytes, *, retained: bool) -> Command | Ignored:
        """Read a person's command."""
        load = self._topics.load_name(topic, "set")
        word = payload[:_SHOWN].decode("utf-8", "replace").strip() + ("..." if len(payload) > _SHOWN else "")
        if load is None or load not in self._loads:
            return Ignored("unknown load", f"{word!r} on {topic}")
        if retained:
            return Ignored("retained command", f"{word!r} on {topic}")
        mode = _COMMANDS.get(word.upper())
        if mode is None:
            return Ignored("not a command", f"expected ON, OFF or AUTO on {topic}, got {word!r}")
        return Command(load, mode)
