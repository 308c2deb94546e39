"""Recordings for tests: days of the simulated household as csv_logger writes them, and rows made by hand."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.payload import Reading
from csv_logger.columns import Columns
from csv_logger.rows import header_of, line_of
from reader.household import DAY, Household, MeterState
from relay_controller.replay.recorded import Row


def write_day(path: Path, start: datetime, seed: int, seconds: int = 86_400, every: int = 1) -> None:
    """Write what a household lives from `start` on: a row at `start` and one every so many seconds after it."""
    write_rows(path, map(fields_of, states_of(start, seed, seconds, every)))


def states_of(start: datetime, seed: int, seconds: int, every: int = 1) -> Iterator[MeterState]:
    """Give the states of a household at `start` and every so many seconds after it."""
    household = Household(seed, start)
    yield household.state()
    for _ in range(every, seconds + 1, every):
        yield household.step(every)


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write the fields of telegrams as a CSV file; the first row decides the columns."""
    columns: Columns | None = None
    with path.open("wb") as file:
        for number, fields in enumerate(rows):
            if columns is None:
                columns = Columns().with_fields(fields.keys())
                file.write(header_of(columns))
            file.write(line_of(Reading("home", datetime(2026, 1, 1, tzinfo=UTC), number, fields), columns))


def fields_of(state: MeterState) -> dict[str, object]:
    """Give the fields of electricity of a state, as they are decoded from its telegram."""
    power_w, peak = state.power_w, state.month_peak
    return {
        "timestamp": state.moment.isoformat(),
        "total_consumption_day": state.consumption_day_wh / 1000,
        "total_consumption_night": state.consumption_night_wh / 1000,
        "total_injection_day": state.injection_day_wh / 1000,
        "total_injection_night": state.injection_night_wh / 1000,
        "actual_tariff": state.tariff,
        "actual_tariff_name": "day" if state.tariff == DAY else "night",
        "actual_total_consumption": max(0, power_w) / 1000,
        "actual_total_injection": max(0, -power_w) / 1000,
        "l1_voltage": state.phases[0].voltage_dv / 10,
        "average_demand": state.average_demand_w / 1000,
        "peak_demand_month": peak.power_w / 1000,
        "peak_demand_month_timestamp": peak.timestamp.isoformat(),
        "peak_demand_history": [
            {
                "month": f"{month.month_end - timedelta(days=1):%Y-%m}",
                "timestamp": month.peak.timestamp.isoformat(),
                "value": month.peak.power_w / 1000,
            }
            for month in state.peak_history
        ],
        "net_power": power_w,
    }


def row(moment: datetime, net_power_w: float, **fields: object) -> Row:
    """Make a row of a recording."""
    return Row(moment, net_power_w, {"timestamp": moment.isoformat(), **fields})
