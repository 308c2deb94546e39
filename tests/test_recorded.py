"""Rows of recordings: from the cells of CSV files, old and new, and from telegrams."""

from datetime import datetime, timedelta, timezone

import pytest

from csv_logger.columns import FIRST
from relay_controller.replay.recorded import Columns, Row, row_of

TIME = "2026-06-21T12:00:00+02:00"
MOMENT = datetime(2026, 6, 21, 12, tzinfo=timezone(timedelta(hours=2)))
OLD = ("timestamp", "actual_tariff", "actual_total_consumption", "actual_total_injection")


@pytest.mark.parametrize(
    ("names", "cells", "dialect", "expected"),
    [
        pytest.param(("timestamp", "net_power"), (TIME, "-1500"), "auto", (-1500.0, {}), id="the least"),
        pytest.param(
            OLD, (TIME, "1", "0.5", "0.0"), "auto", (500.0, {"actual_tariff": 1, "actual_tariff_name": "day"}), id="old"
        ),
        pytest.param(
            OLD,
            (TIME, "1", "0.0", "1.234"),
            "dutch",
            (-1234.0, {"actual_tariff": 1, "actual_tariff_name": "night"}),
            id="Dutch",
        ),
        pytest.param(OLD, (TIME, "3", "0.1", ""), "auto", (100.0, {"actual_tariff": 3}), id="third tariff, nothing injected"),
        pytest.param(
            ("net_power", "actual_tariff_name", "timestamp", "actual_tariff", "l1_voltage", "l2_voltage"),
            ("7", "night", TIME, "1", "231.5", "229.0"),
            "auto",
            (7.0, {"actual_tariff": 1, "actual_tariff_name": "night", "l1_voltage": 231.5}),
            id="any order, what was asked for",
        ),
        pytest.param(("timestamp", "net_power", "l1_voltage"), (TIME, "7", ""), "auto", (7.0, {}), id="an empty cell"),
        pytest.param(
            ("timestamp", "peak_demand_month", "peak_demand_month_timestamp", "net_power"),
            (TIME, "3.5", "2026-06-01T18:15:00+02:00", "1"),
            "auto",
            (1.0, {"peak_demand_month": 3.5, "peak_demand_month_timestamp": "2026-06-01T18:15:00+02:00"}),
            id="the month's peak",
        ),
    ],
)
def test_cells_become_a_row(
    names: tuple[str, ...], cells: tuple[str, ...], dialect: str, expected: tuple[float, dict[str, object]]
) -> None:
    """By the names of the columns."""
    net_power_w, fields = expected
    row = Columns(names, {"l1_voltage"}, is_dutch=dialect == "dutch").row(cells)
    assert row == Row(MOMENT, net_power_w, {"timestamp": TIME, **fields})


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        pytest.param((TIME, "1"), "expected 3 cells, got 2", id="too few cells"),
        pytest.param((TIME, "", "230"), "no net_power", id="no power"),
        pytest.param((TIME, "nan", "230"), "net_power is out of range: nan", id="not a number"),
        pytest.param((TIME, "1e12", "230"), "net_power is out of range: 1000000000000.0", id="more than a house"),
        pytest.param((TIME, "1", "inf"), "l1_voltage is out of range: inf", id="infinite"),
        pytest.param((TIME, "1", "x"), "could not convert string to float: 'x'", id="text"),
        pytest.param(("noon", "1", "230"), "Invalid isoformat string: 'noon'", id="no time"),
        pytest.param((TIME[:19], "1", "230"), f"expected a time with its offset, got '{TIME[:19]}'", id="no offset"),
        pytest.param(
            ("2000-01-01T00:00:00+01:00", "1", "230"),
            "expected a time with its offset, got '2000-01-01T00:00:00+01:00'",
            id="a clock that was never set",
        ),
    ],
)
def test_a_row_that_is_wrong_says_why(cells: tuple[str, ...], reason: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r".") as caught:
        Columns(("timestamp", "net_power", "l1_voltage"), {"l1_voltage"}, is_dutch=False).row(cells)
    assert str(caught.value) == reason


def test_an_old_row_without_consumption_is_wrong() -> None:
    """Injection alone tells nothing."""
    with pytest.raises(ValueError, match="no actual_total_consumption"):
        Columns(OLD, frozenset(), is_dutch=False).row((TIME, "1", "", "0.0"))


@pytest.mark.parametrize("names", [("2026-06-21T12:00:00+02:00", "1"), ("timestamp", "gas"), ("net_power",), ()])
def test_columns_without_time_or_power_are_none(names: tuple[str, ...]) -> None:
    """A file without a header is told at once."""
    with pytest.raises(ValueError, match='expected the names of columns, "timestamp" and "net_power" among them'):
        Columns(names, frozenset(), is_dutch=False)


def test_the_columns_of_csv_logger_are_enough() -> None:
    """Those that every file of it begins with."""
    cells = dict.fromkeys(FIRST, "") | {"timestamp": TIME, "actual_total_consumption": "0.25"}
    assert Columns(FIRST, frozenset(), is_dutch=False).row(list(cells.values())) == Row(MOMENT, 250.0, {"timestamp": TIME})


def test_a_telegram_becomes_a_row() -> None:
    """Of its fields those that are needed."""
    fields = {"timestamp": TIME, "net_power": -5, "l1_voltage": 230.1, "l2_voltage": 1.0, "actual_tariff_name": "day"}
    kept = {"timestamp": TIME, "l1_voltage": 230.1, "actual_tariff_name": "day"}
    assert row_of(fields, {"l1_voltage"}) == Row(MOMENT, -5.0, kept)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"net_power": 1}, "no time", id="no time"),
        pytest.param({"timestamp": TIME}, "no net_power", id="no power"),
    ],
)
def test_a_telegram_without_time_or_power_says_so(fields: dict[str, object], reason: str) -> None:
    """DSMR 2 and 3 have no time."""
    with pytest.raises(ValueError, match=reason):
        row_of(fields, frozenset())
