"""One day in the simulated household: what runs when, and what it draws from the three phases, the gas and the water pipe.

A pure function of the seed and the date. Everything follows the clock on the wall, so on the day when an hour comes twice
the house does the same in it twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import cos, pi
from typing import NamedTuple

from reader.dice import Dice
from reader.sunshine import MINUTES_PER_DAY, solar_power_w

_SECONDS_PER_DAY = 86_400
_HALF_HOUR_S = 1800
_L1, _L2, _L3 = range(3)
_STANDBY_W = (95, 70, 55)  # router, clocks, televisions that sleep
_RIPPLE_LENGTH = 997  # seconds after which the flicker of the standby repeats: a prime, so that no clock falls in with it
_BURNER_KW = 8.0  # of the gas boiler when it heats
_BURNER_GAS_ML_S = 240
_BURNER_TAP_GAS_ML_S = 690  # 24 kW for hot water
_HEAT_LOSS_KW_PER_K = 0.25
_WORKDAYS = 5


class Flows(NamedTuple):
    """What one second needs: power of each phase (W, negative where it injects), gas and water (ml)."""

    l1_w: int
    l2_w: int
    l3_w: int
    gas_ml: int
    water_ml: int


@dataclass(frozen=True, slots=True)
class Use:
    """Something that runs for a while, all the time or `on_s` of every `cycle_s` seconds (a thermostat). Ends by midnight."""

    start_s: int  # since midnight
    end_s: int
    phase: int = _L1
    power_w: int = 0
    gas_ml: int = 0  # per second
    water_ml: int = 0  # per second
    cycle_s: int = 1
    on_s: int = 1


class HouseDay:
    """The day of a household: `HouseDay(7, date(2026, 6, 21)).flows_at(43_200)` is the second that begins at noon."""

    def __init__(self, seed: int, day: date) -> None:
        dice = Dice(f"{seed} {day.isoformat()}")
        self._solar_w = solar_power_w(day, dice)
        self._ripple_w = [dice.between(-6, 6) for _ in range(_RIPPLE_LENGTH)]
        self._grid_dv = dice.between(2290, 2340)
        self._uses_by_minute: list[list[Use]] = [[] for _ in range(MINUTES_PER_DAY)]
        for use in _uses(dice, day):
            for minute in range(use.start_s // 60, (use.end_s + 59) // 60):
                self._uses_by_minute[minute].append(use)

    def flows_at(self, second: int) -> Flows:
        """Give the flows of the second that begins `second` (0 to 86399) seconds after midnight by the clock."""
        minute, part = divmod(second, 60)
        ripple = self._ripple_w
        powers_w = [
            _STANDBY_W[_L1] + ripple[second % _RIPPLE_LENGTH],
            _STANDBY_W[_L2] + ripple[(second + 311) % _RIPPLE_LENGTH],
            _STANDBY_W[_L3] + ripple[(second + 641) % _RIPPLE_LENGTH],
        ]
        gas_ml = water_ml = 0
        for use in self._uses_by_minute[minute]:
            if use.start_s <= second < use.end_s and (second - use.start_s) % use.cycle_s < use.on_s:
                powers_w[use.phase] += use.power_w
                gas_ml += use.gas_ml
                water_ml += use.water_ml
        solar_w, next_solar_w = self._solar_w[minute], self._solar_w[minute + 1]
        powers_w[_L1] -= solar_w + (next_solar_w - solar_w) * part // 60
        l1_w, l2_w, l3_w = powers_w
        return Flows(l1_w, l2_w, l3_w, gas_ml, water_ml)

    def grid_dv(self, second: int) -> int:
        """Give the voltage that the grid would have without this house, in tenths of a volt: low when the street cooks."""
        evening = cos((second / 3600 - 18.5) * pi / 12)
        return self._grid_dv - round(20 * evening) + self._ripple_w[second % _RIPPLE_LENGTH] // 3


def _uses(dice: Dice, day: date) -> Iterator[Use]:
    free_day = day.weekday() >= _WORKDAYS
    wake_s = dice.between(24_600, 27_000) + (5400 if free_day else 0)  # 06:50 to 07:30, later on a free day
    winter = (1 + cos(2 * pi * (day.timetuple().tm_yday - 15) / 365.25)) / 2  # 1 in mid-January, 0 in mid-July
    yield Use(0, _SECONDS_PER_DAY, _L3, 85, cycle_s=2400, on_s=dice.between(700, 1000))  # fridge
    yield from _light(dice, wake_s, winter)
    yield from _kitchen(dice, wake_s, free_day=free_day)
    yield from _machines(dice)
    yield from _car(dice)
    yield from _bathroom(dice, wake_s)
    yield from _heating(dice, wake_s, winter)


def _light(dice: Dice, wake_s: int, winter: float) -> Iterator[Use]:
    if winter > 0.3:  # noqa: PLR2004 -- dark at breakfast from October to March
        yield Use(wake_s, wake_s + 4500, _L2, 140)
    dusk_s = 78_000 - round(18_000 * winter)  # 21:40 in July, 16:40 in January
    yield Use(dusk_s, dice.between(81_000, 84_600), _L2, 160)
    yield Use(dice.between(68_400, 73_800), dice.between(79_200, 83_700), _L1, 130)  # television


def _kitchen(dice: Dice, wake_s: int, *, free_day: bool) -> Iterator[Use]:
    dinner_s = dice.between(64_800, 68_400)  # 18:00 to 19:00
    for start_s in (wake_s + 1200, dice.between(36_000, 39_600), dice.between(54_000, 57_600), dinner_s + 5400):
        yield Use(start_s, start_s + dice.between(110, 200), _L2, 2050)  # kettle
        yield Use(start_s - 25, start_s - 10, water_ml=110)
    hob_s = dinner_s + dice.between(300, 900)
    yield Use(hob_s, hob_s + dice.between(900, 1800), _L3, 1800, cycle_s=24, on_s=14)
    if dice.happens(0.8 if free_day else 0.4):
        yield Use(dinner_s, dinner_s + 480, _L2, 2300)  # oven heats up
        yield Use(dinner_s + 480, dinner_s + 3300, _L2, 2300, cycle_s=75, on_s=25)
    if free_day:
        yield Use(43_500, 43_500 + dice.between(240, 540), _L2, 1250)  # microwave oven
    for _ in range(8):
        start_s = dice.between(wake_s, 79_200)
        yield Use(start_s, start_s + dice.between(8, 45), water_ml=95)


def _machines(dice: Dice) -> Iterator[Use]:
    if dice.happens(0.5):  # every other day
        start_s = dice.between(32_400, 50_400)
        yield Use(start_s, start_s + 150, water_ml=120)  # washing machine: water, heat, drum, rinse, spin
        yield Use(start_s + 200, start_s + 1300, _L3, 2000)
        yield Use(start_s + 1300, start_s + 5400, _L3, 190, cycle_s=20, on_s=13)
        yield Use(start_s + 3600, start_s + 3850, water_ml=120)
        yield Use(start_s + 5400, start_s + 5900, _L3, 480)
    if dice.happens(0.7):  # five days a week
        start_s = dice.between(72_000, 75_600)
        yield Use(start_s, start_s + 90, water_ml=60)  # dishwasher: water, heat, pump, heat
        yield Use(start_s + 300, start_s + 1200, _L1, 1900)
        yield Use(start_s + 1200, start_s + 4500, _L1, 90)
        yield Use(start_s + 3000, start_s + 3090, water_ml=60)
        yield Use(start_s + 3900, start_s + 4500, _L1, 1900)


def _car(dice: Dice) -> Iterator[Use]:
    if dice.happens(0.45):  # three nights a week, 16 A on one phase
        start_s = dice.between(1800, 5400)
        yield Use(start_s, start_s + dice.between(5400, 12_600), _L3, 3680)


def _bathroom(dice: Dice, wake_s: int) -> Iterator[Use]:
    for start_s in (wake_s + 300, wake_s + 1100, dice.between(75_600, 80_000)):
        if dice.happens(0.8):  # not everybody every day
            end_s = start_s + dice.between(240, 600)
            yield Use(start_s, end_s, _L2, 35, _BURNER_TAP_GAS_ML_S, 140)  # shower, and the boiler's pump
    for _ in range(12):
        start_s = dice.between(wake_s, 82_800)
        yield Use(start_s, start_s + 60, water_ml=100)  # toilet


def _heating(dice: Dice, wake_s: int, winter: float) -> Iterator[Use]:
    """Heat to what the house loses; sun, lamps and people give the last degrees, so 17 °C are asked for, 14 °C at night."""
    coldest_c = 17.0 - 17.0 * winter + dice.share() * 8 - 4
    for start_s in range(0, _SECONDS_PER_DAY, _HALF_HOUR_S):
        outside_c = coldest_c + 3.5 * (1 - cos((start_s / 3600 - 4) * pi / 12))
        wanted_c = 17.0 if wake_s - 3600 <= start_s <= 79_200 else 14.0  # noqa: PLR2004 -- 22:00
        share = min(1.0, max(0.0, _HEAT_LOSS_KW_PER_K * (wanted_c - outside_c) / _BURNER_KW))
        on_s = round(share * _HALF_HOUR_S)
        if on_s >= 120:  # noqa: PLR2004 -- a burner does not start for less than two minutes
            yield Use(start_s, start_s + on_s, _L2, 70, _BURNER_GAS_ML_S)
