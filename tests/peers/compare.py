"""Whether our decode says the same as somebody else's, for one code."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from common.obis import BY_CODE, BY_NAME, MBUS_BY_CODE, Field
from common.telegram import LineResult, Telegram
from tests.peers.told import Row, Told

_ZONE = ZoneInfo("Europe/Brussels")

# Printed unit in lower case -> the table's unit, and the factor to it. Written out: our own scaling is what is compared.
_SCALES: Mapping[str, tuple[str, str]] = {
    "kwh": ("kWh", "1"), "wh": ("kWh", "0.001"), "mwh": ("kWh", "1000"), "kvarh": ("kvarh", "1"), "varh": ("kvarh", "0.001"),
    "kw": ("kW", "1"), "w": ("kW", "0.001"), "mw": ("kW", "1000"), "kvar": ("kvar", "1"), "var": ("kvar", "0.001"),
    "kva": ("kVA", "1"), "va": ("kVA", "0.001"), "v": ("V", "1"), "kv": ("V", "1000"), "a": ("A", "1"), "ma": ("A", "0.001"),
    "ka": ("A", "1000"), "hz": ("Hz", "1"), "khz": ("Hz", "1000"), "s": ("s", "1"), "m3": ("m³", "1"), "gj": ("GJ", "1"),
    "mj": ("GJ", "0.001"), "l": ("m³", "0.001"), "dm3": ("m³", "0.001"),
}  # fmt: skip


def lines_of(told: Told, telegram: Telegram) -> list[LineResult]:
    """Give our lines with what was told: the very line where the peer says which, else those with its code."""
    if told.line:
        return [line for line in telegram.lines if line.text.startswith(told.line)][:1]
    return [line for line in telegram.lines if line.code == told.code]


def is_same(told: Told, lines: Iterable[LineResult]) -> bool:
    """Tell whether one of our lines says the same; nothing is the same as empty brackets."""
    return any(_is_same(told, line) for line in lines)


def ours(lines: Iterable[LineResult]) -> str:
    """Give what our lines say, for a person."""
    texts = [", ".join(f"{name}={value}" for name, value in line.fields.items()) or line.reason or "nothing" for line in lines]
    return "; ".join(texts) or "no such line"


def is_in_decode(line: LineResult, telegram: Telegram) -> bool:
    """Tell whether the decode has what its line gave."""
    return all(
        telegram.fields.get(name) == value
        for name, value in line.fields.items()
        if not name.startswith("mbus ") and name != "other"
    )


def _is_same(told: Told, line: LineResult) -> bool:
    if line.code in MBUS_BY_CODE:
        given = {name.rpartition(" ")[2]: value for name, value in line.fields.items()}
        if told.stamp is not None and not _same_moment(told.stamp, given.get("timestamp")):
            return False
        values = [given[what] for what in ("value", "type", "serial", "ean", "valve_state") if what in given]
        return _same(told, values[0] if values else None, "")
    code = line.code if line.code in BY_CODE else line.code.replace("1-1:", "1-0:")
    # Dutch meters number the tariffs the other way round.
    names = [name for row in BY_CODE.get(code, ()) for name in (row.name, _other_tariff(row.name))]
    rows = [BY_NAME[name] for name in names if name in line.fields]
    if not rows:
        return _is_kept_apart(told, line) or (told.value in (None, "") and not line.fields)
    return any(_same_field(told, line, row) for row in rows)


def _same_field(told: Told, line: LineResult, row: Field) -> bool:
    stamp = line.fields.get(f"{row.name}_timestamp")
    if told.stamp is not None and not _same_moment(told.stamp, stamp):
        return False
    values = [line.fields[name] for name in (row.name, f"{row.name}_injection") if name in line.fields]
    return any(_same(told, value, row.unit) for value in values)


def _is_kept_apart(told: Told, line: LineResult) -> bool:
    text = line.fields.get("other")
    if not isinstance(text, str):
        return False
    if isinstance(told.value, Decimal):
        number = text.partition("*")[0]
        return number.replace(".", "", 1).isdigit() and Decimal(number) == told.value
    return text == (told.value or "")


def _same(told: Told, value: object, unit: str) -> bool:
    if isinstance(told.value, datetime):
        return _same_moment(told.value, value)
    if isinstance(told.value, tuple):
        return isinstance(value, list) and _same_rows(told.value, value)
    if isinstance(told.value, Decimal):
        return _same_number(told.value, told.unit, value, unit)
    if isinstance(value, int | float):
        text = (told.value or "").removeprefix("TARIFF").strip()
        return text.isdigit() and int(text) == value
    return _same_text(told.value or "", value)


def _same_number(number: Decimal, printed_unit: str, value: object, unit: str) -> bool:
    our_unit, factor = _SCALES.get(printed_unit.lower(), ("?", "1")) if printed_unit else (unit, "1")
    if isinstance(value, str):  # states and versions are text with us
        return value.isdigit() and number == int(value)
    is_number = isinstance(value, int | float)
    return is_number and (not unit or our_unit == unit) and Decimal(repr(value)) == number * Decimal(factor)


def _same_text(text: str, value: object) -> bool:
    """Compare what a peer leaves in hex digits with our text; an unset one, all blanks or hyphens, is none with us."""
    try:
        decoded = bytes.fromhex(text).decode("ascii").strip()
    except ValueError:
        decoded = text.strip()
    return value in {text.strip(), decoded} or (not value and not decoded.strip("-"))


def _same_moment(moment: datetime, iso: object) -> bool:
    return isinstance(iso, str) and datetime.fromisoformat(iso) == moment


def _same_rows(theirs: Iterable[Row], rows: list[object]) -> bool:
    """Compare the month peaks or the failures, in order of time; a row without a valid stamp is none with us."""
    expected = sorted((row for row in theirs if row[0] is not None), key=lambda row: str(row[0]))
    return len(expected) == len(rows) and all(map(_same_row, expected, rows))


def _same_row(theirs: Row, row: object) -> bool:
    begin, stamp, number = theirs
    if not isinstance(row, dict) or begin is None:
        return False
    value = Decimal(repr(row.get("value", row.get("duration_s"))))
    if "month" not in row:
        return number == value and _same_moment(begin, row["timestamp"])
    month = (begin.astimezone(_ZONE) - timedelta(days=1)).strftime("%Y-%m")
    same_stamp = _same_moment(stamp, row.get("timestamp")) if stamp else "timestamp" not in row
    return number == value and month == row["month"] and same_stamp


def _other_tariff(name: str) -> str:
    return name.replace("_day", "_night") if name.endswith("_day") else name.replace("_night", "_day")
