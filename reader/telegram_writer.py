r"""A simulated meter's state in, its telegram out: e-MUCS P1 1.7.1, as Fluvius meters send it every second.

render(state) -> b"/SMT5\\253SIMULATOR_A\r\n\r\n0-0:96.1.4(50217)\r\n ... !097B\r\n"
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from common.crc import crc16_arc
from reader.household import MeterState, MonthPeak, Peak, Serials, Volume

IDENTIFICATION = r"SMT5\253SIMULATOR_A"
VERSION = "50217"  # DSMR 5.0.2, e-MUCS P1 1.7

_SUMMER_OFFSET = timedelta(hours=2)

_Part = TypeVar("_Part")


class TelegramWriter:
    """Writes the telegrams of one meter, and each line whose part of the state is still the same object only once."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[object, str]] = {}

    def render(self, state: MeterState) -> bytes:
        """Give the telegram of a state, from `/` to the end of the checksum line."""
        power_w = state.power_w
        lines = (
            f"/{IDENTIFICATION}",
            "",
            f"0-0:96.1.4({VERSION})",
            self._once("serial", state.serials, _serial_line),
            f"0-0:1.0.0({_stamp(state.moment)})",
            f"1-0:1.8.1({_energy(state.consumption_day_wh)})",
            f"1-0:1.8.2({_energy(state.consumption_night_wh)})",
            f"1-0:2.8.1({_energy(state.injection_day_wh)})",
            f"1-0:2.8.2({_energy(state.injection_night_wh)})",
            f"0-0:96.14.0({state.tariff:04d})",
            f"1-0:1.4.0({_power(state.average_demand_w)})",
            self._once("peak", state.month_peak, _peak_line),
            self._once("history", state.peak_history, _history_line),
            f"1-0:1.7.0({_power(max(0, power_w))})",
            f"1-0:2.7.0({_power(max(0, -power_w))})",
            *(f"1-0:{20 * n + 1}.7.0({_power(max(0, phase.power_w))})" for n, phase in enumerate(state.phases, 1)),
            *(f"1-0:{20 * n + 2}.7.0({_power(max(0, -phase.power_w))})" for n, phase in enumerate(state.phases, 1)),
            *(f"1-0:{20 * n + 12}.7.0({phase.voltage_dv / 10:05.1f}*V)" for n, phase in enumerate(state.phases, 1)),
            *(f"1-0:{20 * n + 11}.7.0({phase.current_ca / 100:06.2f}*A)" for n, phase in enumerate(state.phases, 1)),
            "0-0:96.3.10(1)",  # the breaker is closed
            "0-0:17.0.0(999.9*kW)",  # no limit
            "1-0:31.4.0(999*A)",  # no limit
            "0-0:96.13.0()",
            "0-1:24.1.0(003)",  # gas
            self._once("gas serial", state.serials, _gas_serial_line),
            "0-1:24.4.0(1)",  # the valve is open
            self._once("gas", state.gas, _gas_line),
            "0-2:24.1.0(007)",  # water
            self._once("water serial", state.serials, _water_serial_line),
            self._once("water", state.water, _water_line),
            "!",
        )
        body = "\r\n".join(lines).encode("ascii")
        return b"%s%04X\r\n" % (body, crc16_arc(body))

    def _once(self, name: str, part: _Part, line_of: Callable[[_Part], str]) -> str:
        """Give the line of a part of the state, which may be that of the last time."""
        known, line = self._written.get(name, (None, ""))
        if known is not part:
            line = line_of(part)
            self._written[name] = part, line
        return line


def render(state: MeterState) -> bytes:
    """Give the telegram of a single state."""
    return TelegramWriter().render(state)


def _serial_line(serials: Serials) -> str:
    return f"0-0:96.1.1({_hex(serials.electricity)})"


def _gas_serial_line(serials: Serials) -> str:
    return f"0-1:96.1.1({_hex(serials.gas)})"


def _water_serial_line(serials: Serials) -> str:
    return f"0-2:96.1.1({_hex(serials.water)})"


def _peak_line(peak: Peak) -> str:
    return f"1-0:1.6.0({_stamp(peak.timestamp)})({_power(peak.power_w)})"


def _gas_line(gas: Volume) -> str:
    return f"0-1:24.2.3({_stamp(gas.timestamp)})({_volume(gas.volume_l)})"


def _water_line(water: Volume) -> str:
    return f"0-2:24.2.1({_stamp(water.timestamp)})({_volume(water.volume_l)})"


def _history_line(history: tuple[MonthPeak, ...]) -> str:
    rows = "".join(
        f"({_stamp(month.month_end)})({_stamp(month.peak.timestamp)})({_power(month.peak.power_w)})" for month in history
    )
    return f"0-0:98.1.0({len(history)})(1-0:1.6.0)(1-0:1.6.0){rows}"


def _stamp(moment: datetime) -> str:
    """Give YYMMDDhhmmssX of a local time. The letter follows from the offset, which alone tells October's two hours apart."""
    letter = "S" if moment.utcoffset() == _SUMMER_OFFSET else "W"
    return f"{moment:%y%m%d%H%M%S}{letter}"


def _energy(energy_wh: int) -> str:
    return f"{energy_wh / 1000:010.3f}*kWh"


def _power(power_w: int) -> str:
    return f"{power_w / 1000:06.3f}*kW"


def _volume(volume_l: int) -> str:
    return f"{volume_l / 1000:09.3f}*m3"


def _hex(text: str) -> str:
    return text.encode("ascii").hex().upper()
