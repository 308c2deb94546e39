"""The flow of docs/node-red: totals of days, from counters at the midnights of the meter's own clock."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.broker import Broker
from tests.support.listener import Listener
from tests.support.node_red import NodeRed, running_node_red
from tests.support.node_red_flow import Flow
from tests.support.node_red_house import FlowHouse, flow_house
from tests.support.parts import PartMissing, do_without
from tests.support.waiting import eventually

Row = tuple[str, float]  # the meter's time and its counter


@pytest.fixture
def house(node_red: NodeRed, broker: Broker) -> Iterator[FlowHouse]:
    """Import the flow, for a house whose services run."""
    with flow_house(node_red, broker) as house:
        yield house


def _tell(house: FlowHouse, rows: Sequence[Row], *, gas: bool = False) -> None:
    for time, counter in rows:
        if gas:
            house.measure(gas_timestamp=time, total_gas_consumption=counter)
        else:
            house.measure(timestamp=time, total_consumption_night=counter)


def _days(flow: Flow, kind: str) -> dict[str, object]:
    """Give what the page shows: a day's total, None where there is none, or of a running day ("since", so far)."""

    def shown(day: dict[str, object]) -> object:
        total = day.get("drawn_night_kwh", day.get("gas_m3"))
        return (day["since"] or "midnight", total) if day.get("running") else total

    return {day["date"]: shown(day[kind]) for day in flow.data()["days"] if kind in day}


CASES: dict[str, tuple[list[Row], dict[str, object]]] = {
    "two midnights seen": (
        [
            ("2026-11-09T23:59:59+01:00", 99.9),
            ("2026-11-10T00:00:00+01:00", 100.0),
            ("2026-11-10T18:00:00+01:00", 107.0),
            ("2026-11-11T00:00:01+01:00", 110.25),
            ("2026-11-11T08:00:00+01:00", 112.0),
        ],
        {"2026-11-09": None, "2026-11-10": 10.25, "2026-11-11": ("midnight", 1.75)},
    ),
    "the last reading before midnight is nearer": (
        [("2026-11-10T00:00:00+01:00", 100.0), ("2026-11-10T23:59:50+01:00", 109.0), ("2026-11-11T00:04:00+01:00", 110.0)],
        {"2026-11-10": 9.0, "2026-11-11": ("midnight", 1.0)},
    ),
    "the clock goes back: 25 hours": (
        [
            ("2026-10-25T00:00:00+02:00", 1.0),
            ("2026-10-25T02:30:00+02:00", 2.0),
            ("2026-10-25T02:30:00+01:00", 3.0),
            ("2026-10-26T00:00:00+01:00", 26.0),
        ],
        {"2026-10-25": 25.0, "2026-10-26": ("midnight", 0)},
    ),
    "the clock goes forward: 23 hours": (
        [
            ("2026-03-29T00:00:00+01:00", 1.0),
            ("2026-03-29T01:59:59+01:00", 2.0),
            ("2026-03-29T03:00:00+02:00", 3.0),
            ("2026-03-30T00:00:00+02:00", 24.0),
        ],
        {"2026-03-29": 23.0, "2026-03-30": ("midnight", 0)},
    ),
    "a gap within the day": (
        [
            ("2026-11-10T00:00:00+01:00", 100.0),
            ("2026-11-10T01:00:00+01:00", 101.0),
            ("2026-11-10T23:00:00+01:00", 123.0),
            ("2026-11-11T00:00:00+01:00", 124.0),
        ],
        {"2026-11-10": 24.0, "2026-11-11": ("midnight", 0)},
    ),
    "a gap over midnight": (
        [
            ("2026-11-10T00:00:00+01:00", 100.0),
            ("2026-11-10T23:00:00+01:00", 123.0),
            ("2026-11-11T01:00:00+01:00", 125.0),
            ("2026-11-12T00:00:00+01:00", 148.0),
            ("2026-11-13T00:00:00+01:00", 172.0),
        ],
        {"2026-11-10": None, "2026-11-11": None, "2026-11-12": 24.0, "2026-11-13": ("midnight", 0)},
    ),
    "a gap of days that ends at a midnight": (
        [("2026-11-10T00:00:00+01:00", 100.0), ("2026-11-13T00:00:10+01:00", 172.0), ("2026-11-13T09:00:00+01:00", 181.0)],
        {"2026-11-10": None, "2026-11-13": ("midnight", 9.0)},
    ),
    "a start in the middle of the day": (
        [("2026-11-10T14:03:00+01:00", 100.0), ("2026-11-10T20:00:00+01:00", 106.5)],
        {"2026-11-10": ("14:03", 6.5)},
    ),
    "another meter": (
        [("2026-11-10T00:00:00+01:00", 100.0), ("2026-11-10T12:00:00+01:00", 0.0), ("2026-11-11T00:00:00+01:00", 12.0)],
        {"2026-11-10": None, "2026-11-11": ("midnight", 0)},
    ),
    "times that go back": (
        [("2026-11-10T00:00:00+01:00", 100.0), ("2026-11-09T23:00:00+01:00", 101.0), ("2026-11-10T01:00:00+01:00", 102.0)],
        {"2026-11-10": ("midnight", 2.0)},
    ),
    "a time ahead of now": (
        [("2026-11-10T00:00:00+01:00", 100.0), ("2099-11-10T00:00:00+01:00", 101.0), ("2026-11-10T01:00:00+01:00", 102.0)],
        {"2026-11-10": ("midnight", 2.0)},
    ),
}


@pytest.mark.parametrize(("rows", "expected"), CASES.values(), ids=CASES)
def test_a_day_has_a_total_if_both_its_midnights_were_seen(
    rows: list[Row], expected: dict[str, object], house: FlowHouse
) -> None:
    """By the meter's own local time, so days have 23 to 25 hours; of a running day so far, or since when."""
    _tell(house, rows)
    house.flow.wait_for(lambda _: _days(house.flow, "electricity") == expected, f"{expected}")
    told = {message["payload"]["date"]: message["payload"] for message in house.flow.heard("day total/electricity")}
    over = {date: total for date, total in expected.items() if not isinstance(total, tuple)}
    assert {date: payload.get("drawn_night_kwh") for date, payload in told.items()} == over
    assert {date: payload["complete"] for date, payload in told.items()} == {date: bool(total) for date, total in over.items()}


def test_every_counter_has_its_total_by_tariff(house: FlowHouse) -> None:
    """Drawn and injected in both tariffs, or in one register; a counter that came later has none yet."""
    names = ["total_consumption_day", "total_consumption_night", "total_injection_day", "total_injection_night"]
    house.measure(timestamp="2026-11-10T00:00:00+01:00", **dict.fromkeys(names, 1.0))
    numbers = dict(zip(names, (3.5, 2.25, 9.125, 1.0), strict=True))
    house.measure(timestamp="2026-11-11T00:00:00+01:00", total_consumption=5.0, **numbers)
    eventually(lambda: house.flow.heard("day total"), what="the total")
    assert [message["payload"] for message in house.flow.heard("day total")] == [
        {
            "kind": "electricity",
            "date": "2026-11-10",
            "complete": True,
            "drawn_day_kwh": 2.5,
            "drawn_night_kwh": 1.25,
            "injected_day_kwh": 8.125,
            "injected_night_kwh": 0,
        }
    ]
    house.flow.wait_for_status("totals", "2026-11-11: 0.0 kWh drawn, 0.0 kWh injected")


def test_a_counter_that_one_telegram_lacks_has_its_total(house: FlowHouse) -> None:
    """The next telegram stands for midnight; a counter that stays away ends its totals, and those of the day."""
    names = ("total_consumption_night", "total_injection_night")
    rows: dict[str, tuple[float, ...]] = {"10T00:00:00": (1.0, 1.0), "10T23:59:58": (2.0, 2.0), "11T00:00:00": (2.25,)}
    rows |= {"11T00:00:01": (2.5, 3.0), "11T12:00:00": (3.0,), "12T00:00:00": (4.0,)}
    for time, values in rows.items():
        house.measure(timestamp=f"2026-11-{time}+01:00", **dict(zip(names, values, strict=False)))
    eventually(lambda: house.flow.heard("day total")[1:], what="two totals")
    first, second = (message["payload"] for message in house.flow.heard("day total"))
    assert (first["complete"], first["drawn_night_kwh"], first["injected_night_kwh"]) == (True, 1.5, 2.0)
    assert second == {"kind": "electricity", "date": "2026-11-11", "complete": False}


def test_gas_counts_by_the_time_of_its_own_meter(house: FlowHouse) -> None:
    """An hourly reading of midnight comes some minutes later, and then again and again until the next one."""
    rows = [("2026-11-10T00:00:00+01:00", 50.0), ("2026-11-10T00:00:00+01:00", 50.0), ("2026-11-10T23:00:00+01:00", 53.5)]
    _tell(house, [*rows, ("2026-11-11T00:00:00+01:00", 54.0), ("2026-11-11T00:00:00+01:00", 54.0)], gas=True)
    expected = {"2026-11-10": 4.0, "2026-11-11": ("midnight", 0)}
    house.flow.wait_for(lambda _: _days(house.flow, "gas") == expected, f"{expected}")


def test_a_month_of_days_is_kept_and_the_newest_are_shown(house: FlowHouse) -> None:
    """The page shows eight days, however long it runs."""
    _tell(house, [(f"2026-{month:02}-{day:02}T00:00:00+02:00", float(day)) for month in (8,) for day in range(1, 32)])
    house.flow.wait_for(lambda data: data["days"] and data["days"][0]["date"] == "2026-08-31", "the last day")
    assert list(_days(house.flow, "electricity")) == [f"2026-08-{day}" for day in range(31, 23, -1)]


def test_totals_survive_a_restart_of_node_red_where_its_context_does(broker: Broker, tmp_path: Path) -> None:
    """With `localfilesystem`, as docs/node-red.md says; nothing else of before the restart is shown."""
    try:
        with running_node_red(tmp_path, "localfilesystem") as node_red:
            flow = node_red.deploy(broker)
            with Listener(broker, f"{flow.base}/#") as listener:
                house = FlowHouse(flow, listener)
                house.says("reader/status", "online")
                _tell(house, [("2026-11-09T00:00:00+01:00", 90.0), ("2026-11-10T00:00:00+01:00", 100.0)])
                flow.wait_for(lambda data: len(data["days"]) == 2, "two days")
                node_red.stop()
                node_red.start()
                house.wait_for_trouble("waiting for a telegram")
                _tell(house, [("2026-11-10T12:00:00+01:00", 112.0), ("2026-11-11T00:00:00+01:00", 124.0)])
                expected = {"2026-11-09": 10.0, "2026-11-10": 24.0, "2026-11-11": ("midnight", 0)}
                flow.wait_for(lambda _: _days(flow, "electricity") == expected, f"{expected}")
                assert flow.errors() == []
    except PartMissing as reason:
        do_without(reason)
