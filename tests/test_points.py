"""influx_bridge.points: telegrams and switches as line protocol."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.obis import FIELDS
from common.payload import PayloadError, Reading
from influx_bridge.points import Point, points_of, switch_point, tag_value, time_of

RECEIVED = datetime(2023, 11, 2, 11, 15, 49, 250_000, tzinfo=UTC)
TIMESTAMP, TIME_S = "2023-11-02T12:15:48+01:00", 1698923748


def lines(fields: dict[str, object], tags: dict[str, str] | None = None) -> list[str]:
    """Give the lines of a telegram with these fields."""
    return [point.line.decode() for point in points_of(Reading("home", RECEIVED, 1, fields), tags or {})]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"total_consumption_day": 301.548}, [f"electricity total_consumption_day=301.548 {TIME_S}"]),
        ({"actual_total_consumption": 0}, [f"electricity actual_total_consumption=0.0 {TIME_S}"]),
        ({"net_power": 2}, [f"electricity net_power=2.0 {TIME_S}"]),
        ({"net_power": -1250}, [f"electricity net_power=-1250.0 {TIME_S}"]),
        ({"actual_tariff": 2}, [f"electricity actual_tariff=2i {TIME_S}"]),
        ({"actual_total_injection": 0.00001}, [f"electricity actual_total_injection=0.00001 {TIME_S}"]),
        ({"net_power": 3, "actual_tariff": 1}, [f"electricity actual_tariff=1i,net_power=3.0 {TIME_S}"]),
        ({"peak_demand_month": 3.0, "peak_demand_month_timestamp": TIMESTAMP}, [f"electricity peak_demand_month=3.0 {TIME_S}"]),
        ({"version": "50217", "breaker_state": "1", "actual_tariff_name": "day"}, []),
        ({"peak_demand_history": [{"month": "2023-10", "value": 3.0}], "mbus": [{"channel": 1}]}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_electricity_has_every_number_and_nothing_else(fields: dict[str, object], expected: list[str]) -> None:
    """Floats stay floats, the tariff an integer, in the order of the table; text and lists are left out."""
    assert lines({"timestamp": TIMESTAMP} | fields) == expected


@pytest.mark.parametrize("medium", ["gas", "water", "heat", "cooling"])
def test_a_meter_on_the_m_bus_has_its_own_measurement_and_time(medium: str) -> None:
    """The value counts at the time that the M-Bus meter gives, not at the telegram's."""
    fields = {"timestamp": TIMESTAMP, f"{medium}_timestamp": "2023-11-02T12:10:00+01:00", f"total_{medium}_consumption": 12.345}
    assert lines({**fields, f"{medium}_serial": "7FLO"}) == [f"{medium} total_{medium}_consumption=12.345 1698923400"]


def test_a_telegram_without_time_counts_when_it_was_received() -> None:
    """DSMR 2 and 3 send no time: `received`, cut to the second."""
    assert lines({"actual_total_consumption": 0.5}) == ["electricity actual_total_consumption=0.5 1698923749"]


def test_the_hour_that_october_repeats_gives_two_times() -> None:
    """The offset decides, not the clock on the wall."""
    summer, winter = (lines({"timestamp": f"2026-10-25T02:30:00+0{hours}:00", "net_power": 1})[0] for hours in (2, 1))
    assert [int(line.split()[-1]) for line in (summer, winter)] == [1792888200, 1792891800]


def test_tags_are_sorted_and_escaped() -> None:
    """A tag comes between measurement and fields."""
    assert lines({"timestamp": TIMESTAMP, "net_power": 1}, {"meter": "my home"}) == [
        f"electricity,meter=my\\ home net_power=1.0 {TIME_S}"
    ]
    switch = json.dumps({"time": TIMESTAMP, "state": "ON"}).encode()
    assert switch_point("boiler", switch, {"meter": "home"}).line == f"load,load=boiler,meter=home load_on=1i {TIME_S}".encode()


def test_telegrams_of_one_time_are_one_point() -> None:
    """Whatever else differs between them."""
    first, second = (
        next(points_of(Reading("home", RECEIVED, 1, {"timestamp": TIMESTAMP, "net_power": w}), {})) for w in (1, 2)
    )
    assert first.identity == second.identity
    assert first.line != second.line


@pytest.mark.parametrize(
    ("line", "identity"),
    [
        (b"electricity net_power=1.0,a=2i 17", b"electricity 17"),
        (b"electricity,meter=my\\ home net_power=1.0 17", b"electricity,meter=my\\ home 17"),
        (b"gas total_gas_consumption=1.0 17", b"gas total_gas_consumption=1.0 17"),
        (b"electricity\xff", b"electricity\xff"),
        (b"", b""),
    ],
)
def test_what_makes_two_lines_one_point(line: bytes, identity: bytes) -> None:
    """Also of lines that a damaged file gives."""
    assert Point(line).identity == identity


@pytest.mark.parametrize(
    ("line", "time"),
    [
        (b"m v=1.0 0", datetime(1970, 1, 1, tzinfo=UTC)),
        (b"m v=1.0 253402300799", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"m v=1.0 253402300800", None),
        (b"m v=1.0 -1", None),
        (b"\xff\x00", None),
        (b"", None),
    ],
)
def test_the_time_of_a_line_is_read_back(line: bytes, time: datetime | None) -> None:
    """None if it is not a whole line, as a damaged file gives it."""
    assert time_of(line) == time


@pytest.mark.parametrize(("state", "load_on"), [("ON", 1), ("OFF", 0)])
def test_a_switch_is_a_point(state: str, load_on: int) -> None:
    """An integer at the time of the message."""
    message = {"time": "2023-11-02T11:15:48.900+00:00", "state": state, "mode": "auto", "reason": "surplus"}
    assert (
        switch_point("boiler", json.dumps(message).encode(), {}).line
        == f"load,load=boiler load_on={load_on}i {TIME_S}".encode()
    )


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"ON", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b"[]", "expected"),
        (b'{"time": "2023-11-02T11:15:48+00:00"}', "expected"),
        (b'{"time": "2023-11-02T11:15:48+00:00", "state": "on"}', "expected"),
        (b'{"time": "2023-11-02T11:15:48+00:00", "state": ["ON"]}', "expected"),
        (b'{"time": 1, "state": "ON"}', "expected"),
        (b'{"time": "2023-11-02T11:15:48", "state": "ON"}', "not a time with its offset"),
        (b'{"time": "noon", "state": "ON"}', "not a time with its offset"),
        (b'{"time": "0001-01-01T00:00:00+23:59", "state": "ON"}', "not a time with its offset"),
        (b'{"time": "9999-12-31T23:59:59-23:59", "state": "ON"}', "not a time with its offset"),
        (b'{"time": "0002-01-01T00:00:00+23:59", "state": "ON"}', "not a time that InfluxDB can keep"),
        (b'{"time": "9998-12-31T23:59:59-23:59", "state": "ON"}', "not a time that InfluxDB can keep"),
        (b'{"state": "ON", "pad": "' + b"x" * 70_000 + b'"}', "expected"),
    ],
)
def test_what_is_no_switch_is_refused(payload: bytes, words: str) -> None:
    """With a reason that can be logged."""
    with pytest.raises(PayloadError, match=words):
        switch_point("boiler", payload, {})


@pytest.mark.parametrize("name", ["", "a\nb", "a\rb", "a\tb", "\0", "\ud800"])
def test_a_name_that_no_line_can_carry_is_refused(name: str) -> None:
    """A line end in a tag would be a second line."""
    with pytest.raises(PayloadError, match="not a name that a tag can have"):
        tag_value(name)


@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp", "Zs")) | st.sampled_from(" ,=\\"), min_size=1))
def test_an_escaped_tag_reads_back_as_it_was(name: str) -> None:
    """No blank, comma or equals sign stands alone, and taking the escapes out gives the name back."""
    escaped = tag_value(name)
    assert re.fullmatch(r"(?:\\.|[^\\ ,=])+", escaped, re.DOTALL)
    assert re.sub(r"\\(.)", r"\1", escaped, flags=re.DOTALL) == name


@given(
    st.dictionaries(
        st.sampled_from([f.name for f in FIELDS if f.type is float]), st.floats(allow_nan=False, allow_infinity=False)
    )
)
def test_every_number_reads_back_exactly_and_without_an_exponent(fields: dict[str, float]) -> None:
    """Plain decimals, to the last digit."""
    electricity = {f.name for f in FIELDS if not f.medium}
    wanted = {name: value for name, value in fields.items() if name in electricity}
    text = next(iter(lines({"timestamp": TIMESTAMP} | dict(wanted))), "electricity  0").split(" ")[1]
    pairs = dict(pair.split("=") for pair in text.split(",") if pair)
    assert {name: float(number) for name, number in pairs.items()} == wanted
    assert all(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", number) for number in pairs.values())
