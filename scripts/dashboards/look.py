"""How each series looks wherever it is shown: its name and unit from the table of fields, and its colour."""

from typing import Any

from common.obis import BY_NAME

_UNITS = {"kW": "kwatt", "W": "watt", "kWh": "kwatth", "m³": "m3", "GJ": "suffix: GJ", "V": "volt", "A": "amp"}
_COLOURS = {
    "net_power": "#FF780A",
    "actual_total_consumption": "#FF780A",
    "actual_total_injection": "#56A64B",
    "actual_l1_consumption": "#3274D9",
    "actual_l2_consumption": "#E0B400",
    "actual_l3_consumption": "#A352CC",
    "actual_l1_injection": "#8AB8FF",
    "actual_l2_injection": "#FFEE52",
    "actual_l3_injection": "#CA95E5",
    "total_consumption": "#FF780A",
    "total_consumption_day": "#FF780A",
    "total_consumption_night": "#6C4FBB",
    "total_injection": "#56A64B",
    "total_injection_day": "#73BF69",
    "total_injection_night": "#2A6B24",
    "total_consumption_tariff_3": "#C15C17",
    "total_consumption_tariff_4": "#9E6BD0",
    "total_consumption_tariff_5": "#F2A93B",
    "total_injection_tariff_3": "#96D98D",
    "total_injection_tariff_4": "#19730E",
    "total_injection_tariff_5": "#B6D957",
    "average_demand": "#FF780A",
    "peak_demand_month": "#C4162A",
    "total_gas_consumption": "#E0B400",
    "total_water_consumption": "#3274D9",
    "total_heat_consumption": "#E24D42",
    "total_cooling_consumption": "#5FC6DE",
}
# What is not a field of its own.
_OTHERS = {"limit": ("Limit", "#E02F44"), "highest": ("Highest quarter-hour", "#C4162A")}


def unit(field: str) -> str:
    """Give Grafana's name of a field's unit."""
    return _UNITS[BY_NAME[field].unit]


def colour(field: str) -> str:
    """Give the colour of a series."""
    return _OTHERS[field][1] if field in _OTHERS else _COLOURS[field]


def label(field: str) -> str:
    """Give the name of a series."""
    return _OTHERS[field][0] if field in _OTHERS else BY_NAME[field].label


def of(field: str, **properties: object) -> dict[str, Any]:
    """Give the override of one series, with more properties as Grafana's `custom` names them."""
    more = [{"id": f"custom.{name}", "value": value} for name, value in properties.items()]
    return {
        "matcher": {"id": "byName", "options": field},
        "properties": [
            {"id": "displayName", "value": label(field)},
            {"id": "color", "value": {"mode": "fixed", "fixedColor": colour(field)}},
            *more,
        ],
    }
