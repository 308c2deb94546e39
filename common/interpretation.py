r"""What a telegram says: each of its lines read, and what follows from several of them.

A line that cannot be read costs that line only. Nothing is configured per country: one table (`common.obis`), the shapes of
the values (`common.forms`) and evidence (`common.dialect`).
Sources: DSMR P1 companion standard 5.0.2 chapter 6, e-MUCS P1 (Fluvius) 1.7.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from common.dialect import Dialect, recognised, wants_checksum
from common.forms import Values, is_peak_history, read_groups
from common.frame import Frame, Line, TelegramError, opened
from common.mbus import MbusMeter, mbus_fields
from common.obis import BY_CODE, BY_NAME, BY_SIGNED_CODE, DATE_CODE, MBUS_BY_CODE, TIME_CODE, Field, Form
from common.quantity import parse_quantity
from common.timestamps import Clock, clock_of, to_iso

_TARIFF_NAMES = {1: "day", 2: "night"}
_LITHUANIA = "Europe/Vilnius"

# Register 1 of a Dutch meter is the low tariff, night.
_DUTCH_NAMES = {
    f"total_{what}_{one}": f"total_{what}_{other}"
    for what in ("consumption", "injection")
    for one, other in (("day", "night"), ("night", "day"))
}
_LARGEST_EXACT = 2**53  # every reader of JSON keeps integers up to this one


@dataclass(frozen=True, slots=True)
class LineResult:
    """What one line gave: {field: value}, for an M-Bus meter {`mbus 1 serial`: value}; or why it was skipped."""

    code: str
    text: str
    fields: Mapping[str, object]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Telegram:
    """A decoded telegram: its identification line without the slash, its fields, and what each of its lines gave.

    `clock` is the one that its stamps were read by.
    """

    identification: str
    fields: Mapping[str, object]
    lines: tuple[LineResult, ...]
    clock: Clock

    @property
    def skipped(self) -> tuple[LineResult, ...]:
        """The lines that gave nothing because something is wrong with them."""
        return tuple(line for line in self.lines if line.reason)


def read(
    frame: bytes,
    *,
    dialect: Dialect = Dialect.AUTO,
    timezone: str = "Europe/Brussels",
    require_checksum: bool | None = None,
) -> Telegram:
    """Decode one telegram like `common.telegram.decode`, and tell what each line gave.

    `require_checksum` None demands a checksum of those dialects that have one. Raises TelegramError.
    """
    return interpreted(opened(frame), dialect=dialect, timezone=timezone, require_checksum=require_checksum)


def interpreted(frame: Frame, *, dialect: Dialect, timezone: str, require_checksum: bool | None) -> Telegram:
    """Read the lines of a telegram that was taken apart. Raises TelegramError."""
    codes = {line.code for line in frame.lines if line.code}
    if not codes:
        raise TelegramError("no line with an OBIS code")
    is_required = wants_checksum(codes) if require_checksum is None else require_checksum
    if is_required and not frame.has_checksum:
        raise TelegramError("no checksum, which a meter like this always adds")
    known = recognised(codes) if dialect is Dialect.AUTO else dialect
    clock = clock_of(_LITHUANIA if known is Dialect.LITHUANIAN else timezone)
    collector = _Collector(codes, clock, is_dutch=known is Dialect.DUTCH)
    results = tuple(collector.take(line) for line in frame.lines)
    return Telegram(frame.identification, collector.finished(), results, clock)


def net_power_w(consumption_kw: object, injection_kw: object) -> int | None:
    """Give the net power of two powers; None where one is missing, or where the result is larger than JSON keeps exactly."""
    if not (isinstance(consumption_kw, float) and isinstance(injection_kw, float)):
        return None
    power_w = round((consumption_kw - injection_kw) * 1000)
    return power_w if abs(power_w) <= _LARGEST_EXACT else None


class _Collector:
    """Collects the fields of one telegram, line by line."""

    def __init__(self, codes: AbstractSet[str], clock: Clock, *, is_dutch: bool) -> None:
        self._codes = codes  # of the whole telegram
        self._is_dutch = is_dutch
        self._clock = clock
        self._fields: dict[str, object] = {}
        self._failed: set[str] = set()
        self._given: set[str] = set()  # codes that gave a field
        self._mbus: dict[int, MbusMeter] = {}
        self._other: dict[str, str] = {}
        self._time_and_date: dict[str, str] = {}

    def take(self, line: Line) -> LineResult:
        """Read one line."""
        problem = line.problem
        if not problem:
            try:
                return LineResult(line.code, line.text, self._values(line))
            except ValueError as error:
                problem = str(error)
        self._failed.add(_on_channel_0(line.code))
        return LineResult(line.code, line.text, {}, problem)

    def finished(self) -> dict[str, object]:
        """Give the fields, the derived ones last."""
        fields = self._fields
        if "timestamp" not in fields and len(self._time_and_date) == 2:  # noqa: PLR2004 -- both of them
            stamp = to_iso(self._time_and_date[DATE_CODE] + self._time_and_date[TIME_CODE], self._clock)
            fields |= {"timestamp": stamp} if stamp else {}
        tariff = fields.get("actual_tariff")
        if isinstance(tariff, int) and tariff in _TARIFF_NAMES:
            fields["actual_tariff_name"] = _TARIFF_NAMES[3 - tariff if self._is_dutch else tariff]
        fields |= mbus_fields(self._mbus.values())
        self._turn_negative_powers()
        self._add_net_power()
        if self._other:
            fields["other"] = self._other
        return fields

    def _values(self, line: Line) -> Values:
        """Take in what a line tells, and give it."""
        code, groups = line.code, line.groups
        if code not in BY_CODE:
            code = _on_channel_0(code)
        if code in MBUS_BY_CODE:
            channel, part = MBUS_BY_CODE[code]
            return self._mbus.setdefault(channel, MbusMeter(channel)).add(part, groups, self._clock)
        if code in (TIME_CODE, DATE_CODE):
            self._time_and_date[code] = groups[0]
            return {}
        if code in BY_SIGNED_CODE:
            return self._signed(line, BY_SIGNED_CODE[code])
        rows = BY_CODE.get(code, ())
        if not rows or self._tells_else(rows[0], code, groups):
            return self._kept_apart(line)
        found = {name: value for name, value in read_groups(rows, groups, self._clock).items() if value is not None}
        if self._is_dutch:
            found = {_DUTCH_NAMES.get(name, name): value for name, value in found.items()}
        if not self._fields.keys().isdisjoint(found):
            if line.code in self._given:
                raise ValueError("a second line for the same field")
            return self._kept_apart(line)  # the same field under another code: the first one counts
        self._given.add(line.code)
        self._fields |= found
        return found

    def _tells_else(self, row: Field, code: str, groups: list[str]) -> bool:
        """Tell a line that is another object under the row's code, or the plain form of what the usual code tells."""
        if row.form is Form.PEAK_HISTORY:
            return not is_peak_history(groups)
        return code in row.plain_code and row.code in self._codes

    def _signed(self, line: Line, names: tuple[str, str]) -> Values:
        """Take a power that is negative on injection (German meters) as the two fields that others send."""
        drawn, injected = names
        power_kw = parse_quantity(line.groups[0]).to("kW")
        if drawn in self._fields:
            return self._kept_apart(line)
        values: Values = {drawn: max(0.0, power_kw), injected: max(0.0, -power_kw)}  # of two zeros the first: never -0.0
        self._fields |= values
        return values

    def _kept_apart(self, line: Line) -> Values:
        text = ")(".join(line.groups)
        self._other[line.code] = f"{self._other[line.code]})({text}" if line.code in self._other else text
        return {"other": text}

    def _turn_negative_powers(self) -> None:
        """Take a negative power as injection where the meter does not send that on a line of its own."""
        fields = self._fields
        for drawn, injected in BY_SIGNED_CODE.values():
            power_kw = fields.get(drawn)
            if isinstance(power_kw, float) and power_kw < 0 and not self._sends(injected):
                fields |= {drawn: 0.0, injected: -power_kw}

    def _add_net_power(self) -> None:
        """Add net_power in W; a meter that sends no 2.7.0 injects nothing."""
        fields = self._fields
        consumption_kw, injection_kw = fields.get("actual_total_consumption"), fields.get("actual_total_injection")
        if injection_kw is None and not self._sends("actual_total_injection"):
            injection_kw = 0.0
        power_w = net_power_w(consumption_kw, injection_kw)
        if power_w is not None:
            fields["net_power"] = power_w

    def _sends(self, name: str) -> bool:
        """Tell whether the meter has a line for the field, readable or not."""
        return name in self._fields or BY_NAME[name].code in self._failed


def _on_channel_0(code: str) -> str:
    """Give the code that other meters use: some count on energy channel 1 (Groupe E, heat-pump meters)."""
    return f"1-0:{code[4:]}" if code.startswith("1-1:") else code
