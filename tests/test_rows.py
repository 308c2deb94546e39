"""csv_logger.rows: one reading, one line."""

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.payload import Reading
from csv_logger.columns import FIRST, Columns
from csv_logger.contents import Contents, read_contents
from csv_logger.rows import count_of_cells, header_of, line_of

RECEIVED = datetime(2026, 1, 31, 11, 15, 49, 12_000, tzinfo=UTC)
TIME = "2026-01-31T12:15:48+01:00"


def cells_of(reading: Reading, columns: Columns) -> list[str]:
    """Give the cells of a reading's line, as any reader of CSV has them."""
    (cells,) = csv.reader([line_of(reading, columns).decode()])
    return cells


def reading(fields: Mapping[str, object]) -> Reading:
    """Give a reading with these fields."""
    return Reading("home", RECEIVED, 1, fields)


@pytest.mark.parametrize(
    ("field", "value", "cell"),
    [
        ("l1_voltage", 230.1, "230.1"),
        ("l1_voltage", 0.0, "0.0"),
        ("l1_voltage", 0, "0"),
        ("l1_voltage", 0.00001, "0.00001"),
        ("l1_voltage", -1.5e-7, "-0.00000015"),
        ("total_consumption_day", 1e16, "10000000000000000"),
        ("total_consumption_day", 123456.789, "123456.789"),
        ("actual_tariff", 1, "1"),
        ("net_power", -1234, "-1234"),
        ("breaker_state", "1", "1"),
        ("text_message", "", ""),
        ("mbus", [], "[]"),
        ("mbus", [{"channel": 1, "unit": "m³"}], '[{"channel":1,"unit":"m³"}]'),
    ],
)
def test_a_value_becomes_a_cell(field: str, value: object, cell: str) -> None:
    """Shortest decimal form, never an exponent; lists as compact JSON."""
    columns = Columns().with_fields({field})
    cells = dict(zip(columns.names, cells_of(reading({field: value, "timestamp": TIME}), columns), strict=True))
    assert cells[field] == cell


def test_a_row_is_one_line_with_empty_cells_for_what_is_missing() -> None:
    """Comma, dot, and the line end of RFC 4180."""
    fields = {"timestamp": TIME, "total_consumption_day": 301.548, "gas_timestamp": TIME, "average_demand": 0.1}
    line = line_of(reading(fields), Columns().with_fields({"average_demand"}))
    assert line == f"{TIME},301.548{',' * 20}{TIME},0.1\r\n".encode()


def test_the_header_names_the_columns() -> None:
    """In one line."""
    assert header_of(Columns()) == ",".join(FIRST).encode() + b"\r\n"


def test_a_row_without_telegram_time_has_the_time_of_reception() -> None:
    """Cut to the second."""
    assert cells_of(reading({}), Columns())[0] == "2026-01-31T11:15:49+00:00"


def test_commas_quotes_and_line_ends_in_a_text_are_quoted() -> None:
    """Any reader of CSV gives the text back, and the row counts as one."""
    columns = Columns().with_fields({"text_message"})
    line = line_of(reading({"timestamp": TIME, "text_message": 'a,"b"\r\nc'}), columns)
    assert line == f'{TIME}{"," * 22}"a,""b""\r\nc"\r\n'.encode()
    assert count_of_cells(line) == len(columns.names)


def test_half_a_surrogate_pair_does_no_harm() -> None:
    r"""JSON may hold "\ud800", which UTF-8 cannot."""
    columns = Columns().with_fields({"text_message"})
    assert line_of(reading({"timestamp": TIME, "text_message": "a\ud800"}), columns).endswith(b",a?\r\n")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_exact_and_plain(value: float) -> None:
    """Reading the cell gives the number again."""
    cell = cells_of(reading({"timestamp": TIME, "l1_voltage": value}), Columns())[FIRST.index("l1_voltage")]
    assert float(cell) == value
    assert "e" not in cell.lower()


@given(st.lists(st.text()), st.integers(min_value=0))
def test_what_was_written_is_found_again_wherever_it_is_cut(texts: list[str], cut: int) -> None:
    """Whole rows are counted, a torn line is told apart, also with line ends in quotes."""
    columns = Columns().with_fields({"text_message"})
    rows = [line_of(reading({"timestamp": TIME, "text_message": text}), columns) for text in texts]
    data = header_of(columns) + b"".join(rows)
    data = data[: cut % (len(data) + 1)]
    whole = b""
    for line in (header_of(columns), *rows):
        if not data.startswith(whole + line):
            break
        whole += line
    noted: list[int] = []
    contents = read_contents(BytesIO(data), noted.append)
    count = len(list(csv.reader(StringIO(whole.decode(), newline="")))) - 1 if whole else 0
    first = header_of(columns) if whole else b""
    assert contents == Contents(first, count, len(whole), len(data) - len(whole))
    assert noted == [int(datetime.fromisoformat(TIME).timestamp())] * count


_TEXTS = st.sampled_from(["", "a", 'a,"b"', "W"])
_PEAKS = st.builds(lambda month, value: {"month": month, "value": value}, _TEXTS, st.sampled_from([0.1, 2.5]))
_LISTS = st.lists(_PEAKS, max_size=2)
_VALUES = {"text_message": _TEXTS, "peak_demand_history": _LISTS, "l1_voltage": st.sampled_from([230.1, 1e-7])}


@given(st.lists(st.fixed_dictionaries({}, optional=_VALUES), min_size=2, max_size=6))
def test_what_is_kept_from_row_to_row_changes_no_row(rows: list[dict[str, object]]) -> None:
    """A text that comes again, changes, is missing once and comes back: each line is that of its reading alone."""
    columns, kept = Columns().with_fields(_VALUES.keys()), dict[str, tuple[object, str]]()
    readings = [reading({**row, "timestamp": TIME}) for row in rows]
    assert [line_of(one, columns, kept) for one in readings] == [line_of(one, columns) for one in readings]
    assert kept.keys() <= set(columns.names)
