"""What a demo shows: one line per telegram, and one whenever a load has something new to say."""

from collections.abc import Mapping

from common.payload import Reading


def heading() -> str:
    """Give the names of the columns of `line_of`."""
    return f"{'meter time':10}{'grid':>16}{'L1':>9}{'L2':>9}{'L3':>9}{'quarter':>12}{'peak':>12}{'gas':>14}{'water':>13}"


def line_of(reading: Reading) -> str:
    """Give one line with what a household wants to know of a telegram."""
    net_w = reading.number("net_power")
    grid = "" if net_w is None else f"{'draws' if net_w > 0 else 'injects'} {abs(net_w):,.0f} W"
    phases = "".join(f"{_phase_w(reading, phase):>9}" for phase in (1, 2, 3))
    quarter, peak = _with_unit(reading, "average_demand", "kW"), _with_unit(reading, "peak_demand_month", "kW")
    gas, water = _with_unit(reading, "total_gas_consumption", "m³"), _with_unit(reading, "total_water_consumption", "m³")
    return f"{reading.timestamp[11:19]:10}{grid:>16}{phases}{quarter:>12}{peak:>12}{gas:>14}{water:>13}"


def load_line(name: str, reason: str) -> str:
    """Give one line with what a load does, and why."""
    return f"    load {name:8} {reason}"


def summary(telegrams: int, csv_rows: Mapping[str, int]) -> str:
    """Give the last lines: how many telegrams were shown, and the CSV files with their numbers of rows."""
    return "\n".join([f"{telegrams} telegrams shown", *(f"{name}: {rows} rows" for name, rows in csv_rows.items())])


def _phase_w(reading: Reading, phase: int) -> str:
    drawn_kw = reading.number(f"actual_l{phase}_consumption")
    if drawn_kw is None:
        return ""
    injected_kw = reading.number(f"actual_l{phase}_injection") or 0.0
    return f"{(drawn_kw - injected_kw) * 1000:+,.0f} W"


def _with_unit(reading: Reading, field: str, unit: str) -> str:
    value = reading.number(field)
    return "" if value is None else f"{value:,.3f} {unit}"
