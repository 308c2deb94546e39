"""The numbers of a replay for people, as an object and as tables."""

import re
from dataclasses import asdict
from datetime import datetime, timedelta

import pytest

from common.freshness import StaleAfter
from common.sections import TariffSettings
from reader.sunshine import BRUSSELS
from relay_controller.conditions import parse_condition
from relay_controller.load import Load, Plant
from relay_controller.replay.notes import duration_text, model_of
from relay_controller.replay.outcome import Outcome
from relay_controller.replay.recorded import Row
from relay_controller.replay.report import report_of
from relay_controller.replay.simulation import Simulation
from relay_controller.replay.table import table_of
from tests.support.recordings import row

NOON = datetime(2026, 6, 21, 12, tzinfo=BRUSSELS)
PRICES = TariffSettings(consumption_day=0.3, consumption_night=0.2, injection=0.05, capacity=48.0)
BOILER = Load("boiler", on_when=parse_condition("surplus > 1500 W"), off_when=parse_condition("surplus < 0 W"), power_w=2000)
BOILER_AND_LAMP = (BOILER, Load("lamp", on_when=BOILER.on_when, off_when=BOILER.off_when, power_w=100.5, priority=2))


def _outcome(loads: tuple[Load, ...] = BOILER_AND_LAMP, *, is_rough: bool = False) -> Outcome:
    """Give an hour: half of it 3 kW injected, half of it 1 kW drawn; perhaps with a gap, a row too many, and no tariff."""
    rows = [_row(minute) for minute in range(61) if not (is_rough and 35 < minute < 55)]
    if is_rough:
        rows.append(rows[-1])
        del rows[-3].fields["actual_tariff_name"]
        rows[0].fields.update(peak_demand_month=2.75, peak_demand_month_timestamp="2026-06-08T18:45:00+02:00")
    simulation = Simulation(Plant(loads, zone=BRUSSELS), rows[0], StaleAfter(300), timers_from_min=12 * 60 + 30)
    for one in rows[1:]:
        simulation.take(one)
    return simulation.finish()


def _row(minute: int) -> Row:
    return row(NOON + timedelta(minutes=minute), -3000 if minute <= 30 else 1000, actual_tariff_name="day")


def test_the_report_has_all_numbers_with_their_units() -> None:
    """On from 12:01 to 12:33 by the delays; without control from 12:30, when only the house's 1 kW is there."""
    report = asdict(report_of(_outcome((BOILER,)), PRICES, unreadable=0, unknown_fields={}))
    assert report["recording"] == {
        "begin": "2026-06-21T12:00:00+02:00",
        "end": "2026-06-21T13:00:00+02:00",
        "readings": 61,
        "counted_s": 3600,
        "gaps": 0,
        "gap_s": 0,
        "out_of_order": 0,
        "without_tariff": 0,
        "unreadable": 0,
    }
    assert report["house_alone"] == {
        "drawn_day_kwh": 0.5,
        "drawn_night_kwh": 0.0,
        "injected_kwh": 1.5,
        "energy_eur": 0.075,
        "capacity_eur": 10.0,
        "months": (
            {
                "month": "2026-06",
                "highest_quarter_kw": 1.0,
                "highest_quarter_end": "2026-06-21T12:45:00+02:00",
                "peak_kw": 1.0,
                "capacity_eur": 10.0,
            },
        ),
    }
    assert report["loads"] == {
        "boiler": {
            "power_w": 2000,
            "switches": 2,
            "starts": 1,
            "longest_run_s": 32 * 60,
            "shortest_run_s": 32 * 60,
            "with_control": {"on_s": 1920, "used_kwh": 1.066667, "own_kwh": 0.966667, "own_percent": 90.625},
            "without_control": {"on_s": 1920, "used_kwh": 1.066667, "own_kwh": 0.066667, "own_percent": 6.25},
        }
    }
    assert report["with_control"]["drawn_day_kwh"] == pytest.approx(0.5 + 3 * 2 / 60, abs=1e-6)
    assert (report["without_price"], report["notes"], report["model"]) == ((), (), model_of(750))


def test_the_notes_say_what_is_missing_left_out_or_assumed() -> None:
    """Everything that one should know to trust the numbers."""
    prices = TariffSettings(consumption_day=0.3, capacity=48.0)
    report = report_of(_outcome(is_rough=True), prices, unreadable=1200, unknown_fields={"boiler": {"l1_voltage", "frequency"}})
    assert report.notes == (
        "Load boiler: its conditions ask for frequency, l1_voltage, which the recording never has.",
        "Gaps, in which what the house drew counts nowhere: 1, of 20 min in all.",
        "Readings that go back in time or repeat a moment, left out: 1.",
        "Rows or telegrams that cannot be read, left out: 1,200.",
        "Readings that tell neither day nor night, counted as day: 1.",
        "2026-06: before the recording the month's peak was 2.750 kW, which counts for capacity.",
        "Parts of the cost without a price in [tariff], left out: consumption_night, injection.",
    )
    assert report.without_price == ("consumption_night", "injection")
    assert report.with_control.months[0].capacity_eur == 2.75 * 48 / 12


TABLE = """\
Replay from 2026-06-21 12:00 to 2026-06-21 13:00 (readings: 61; time counted: 1:00 h)

                                           house alone     without control        with control
drawn from the grid by day                   0.500 kWh           1.500 kWh           0.600 kWh
drawn from the grid by night                 0.000 kWh           0.000 kWh           0.000 kWh
injected                                     1.500 kWh           1.433 kWh           0.533 kWh
highest quarter-hour of 2026-06               1.000 kW            3.000 kW            1.400 kW
  which ended at                      2026-06-21 12:45    2026-06-21 12:45    2026-06-21 12:45
cost of energy                                0.07 EUR            0.38 EUR            0.15 EUR
cost of capacity                             10.00 EUR           12.00 EUR           10.00 EUR

                                                                                  own production
load      power  switches  starts       on  longest  shortest  used kWh       kWh  with  without
boiler  2,000 W         2       1   32 min   32 min    32 min     1.067     0.967  91 %      6 %
lamp    100.5 W         0       0      0 s      0 s         -     0.000     0.000     -        -

With control instead of without: 0.22 EUR less for energy, 2.00 EUR less for capacity.

How it is reckoned:
- The recorded power is the house as it was; the loads are added to it, each with its power all the
  time that it is on.
- Without control, timers start every load at 12:30 of each day, for as long as the rules had it on
  that day.
- Own production is what would have been injected otherwise; the load of the first priority takes
  first.
- Energy is power times the time since the reading before. Quarter-hours are the clock's and count
  what is drawn.
- The energy cost is that of the recording, the capacity cost that of whole months, of at least 2.5
  kW each.
"""


def test_the_tables_are_read_without_a_manual() -> None:
    """Three ways side by side, then the loads, then what it all means."""
    assert table_of(report_of(_outcome(), PRICES, 0, {})) == TABLE


@pytest.mark.parametrize("loads", [(), BOILER_AND_LAMP], ids=["no loads", "loads"])
@pytest.mark.parametrize("prices", [TariffSettings(), PRICES], ids=["no prices", "prices"])
def test_the_tables_fit_into_a_terminal(loads: tuple[Load, ...], prices: TariffSettings) -> None:
    """Of 100 columns, whatever is told."""
    table = table_of(report_of(_outcome(loads, is_rough=True), prices, 3, {"boiler": {"frequency"}}))
    assert max(map(len, table.splitlines())) <= 100
    assert not re.search(r" \n|\n\n\n", table)
    assert ("No enabled load has rules" in table) == (not loads)
    assert ("With control instead" in table) == (prices == PRICES)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3599, "60 min"),
        (3600, "1:00 h"),
        (90_059, "25:01 h"),
        (3_600_000, "1,000:00 h"),
    ],
)
def test_durations_are_told_as_people_do(seconds: float, text: str) -> None:
    """Seconds, minutes, or hours and minutes."""
    assert duration_text(seconds) == text
