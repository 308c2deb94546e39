"""The simulated household as its electricity meter registers it: counters, quarter-hour demand, month peaks, gas and water.

Every second has one whole number of watts per phase, and the counters add these up in watt-seconds: they are the exact
integrals of the powers that are published, and nothing drifts. Rules of the meter: e-MUCS P1 1.7 (Fluvius).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reader.dice import Dice
from reader.house_day import Flows, HouseDay
from reader.sunshine import BRUSSELS

DAY, NIGHT = 1, 2  # tariffs, as Belgian meters number them
HISTORY_MONTHS = 13

_QUARTER_S = 900
_GAS_INTERVAL_S = 300
_WATER_INTERVAL_S = 15
_HOUR_S = 3600
_FIRST_MONTHS = 6  # of peak history at the start
_INSTALLED = date(2024, 3, 1)
_LEAST_AGE_DAYS = 30  # of the meter, when the simulated time is before that date
_WS_PER_KWH = 3_600_000
_ML_PER_M3 = 1_000_000
_VOLT_DROP_DV_PER_KW = 11  # 0.25 ohm from the transformer to the meter
_PHASE_OFFSETS_DV = (0, -8, 9)


@dataclass(frozen=True, slots=True)
class Serials:
    """The serial numbers of the household's meters."""

    electricity: str
    gas: str
    water: str


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase over the last second."""

    power_w: int  # drawn from the grid; negative: injected
    voltage_dv: int  # tenths of a volt
    current_ca: int  # hundredths of an ampere, unsigned


@dataclass(frozen=True, slots=True)
class Peak:
    """A quarter-hour's average power drawn from the grid, and when that quarter ended."""

    timestamp: datetime
    power_w: int


@dataclass(frozen=True, slots=True)
class MonthPeak:
    """The highest quarter of a month. `month_end` is the first second of the month after."""

    month_end: datetime
    peak: Peak


@dataclass(frozen=True, slots=True)
class Volume:
    """A reading of the gas or the water meter, which reports more rarely than the electricity meter."""

    timestamp: datetime
    volume_l: int


@dataclass(frozen=True, slots=True)
class MeterState:
    """Everything that the meter tells at one moment. Energies are cut to whole Wh, as on a display."""

    moment: datetime  # local time, whole seconds
    serials: Serials
    consumption_day_wh: int
    consumption_night_wh: int
    injection_day_wh: int
    injection_night_wh: int
    tariff: int  # 1 day, 2 night
    average_demand_w: int  # energy drawn in this quarter-hour so far, divided by the whole quarter: rises from 0
    month_peak: Peak  # of the running month; 0 W at its first second while no quarter is complete
    peak_history: tuple[MonthPeak, ...]  # the months before, oldest first, at most 13
    phases: tuple[Phase, Phase, Phase]
    gas: Volume
    water: Volume

    @property
    def power_w(self) -> int:
        """The phases netted, as the total registers do it: drawn from the grid, or negative: injected."""
        l1, l2, l3 = self.phases
        return l1.power_w + l2.power_w + l3.power_w


class Household:
    """A household that lives second by second from `start` on. The same seed and start give the same life.

    It lives from the begin of the quarter that holds or ends at `start`; what was before is plausible, not lived.
    Raises ValueError for a start without time zone.
    """

    def __init__(self, seed: int, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"expected a start with time zone, got {start.isoformat()}")
        start_s = int(start.timestamp())
        self._now_s = (start_s - 1) // _QUARTER_S * _QUARTER_S
        local = _local(self._now_s)
        dice = Dice(f"{seed} before")
        serial = dice.between(0, 10**9 - 1)
        days = max(_LEAST_AGE_DAYS, (local.date() - _INSTALLED).days) * (0.8 + 0.4 * dice.share())
        self._serials = Serials(f"1SIM{serial:010d}", f"7SIM{serial:010d}", f"8SIM{serial:010d}")
        self._consumption_ws = [int(days * kwh * _WS_PER_KWH) for kwh in (2.7, 8.6)]  # by tariff, per day
        self._injection_ws = [int(days * kwh * _WS_PER_KWH) for kwh in (10.2, 4.3)]
        self._gas_ml = int(days * 3.1 * _ML_PER_M3)
        self._water_ml = int(days * 0.27 * _ML_PER_M3)
        self._gas = Volume(local, self._gas_ml // 1000)
        self._water = Volume(local, self._water_ml // 1000)
        self._quarter_ws = 0
        self._month_peak = _invented_peak(dice, _month_start(local), local)
        self._history = _invented_history(dice, _month_start(local))
        self._flows = Flows(0, 0, 0, 0, 0)
        self._seed = seed
        self._day_date = local.date()
        self._day = HouseDay(seed, self._day_date)
        self._enter_hour(local)
        self.step(start_s - self._now_s)

    def step(self, seconds: int = 1) -> MeterState:
        """Live on for some seconds and give the state at their end."""
        for _ in range(seconds):
            self._live_one_second()
        return self.state()

    def advance_to(self, moment: datetime) -> MeterState:
        """Live on until a moment and give the state then. Raises ValueError for a moment that is past."""
        seconds = int(moment.timestamp()) - self._now_s
        if seconds < 0:
            raise ValueError(f"expected a moment from {_local(self._now_s).isoformat()} on, got {moment.isoformat()}")
        return self.step(seconds)

    def state(self) -> MeterState:
        """Give what the meter tells now; powers are those of the second that just ended."""
        (day_ws, night_ws), (injected_day_ws, injected_night_ws) = self._consumption_ws, self._injection_ws
        grid_dv = self._day.grid_dv(self._now_s - self._midnight_s)
        l1_w, l2_w, l3_w, _, _ = self._flows
        return MeterState(
            moment=_local(self._now_s),
            serials=self._serials,
            consumption_day_wh=day_ws // 3600,
            consumption_night_wh=night_ws // 3600,
            injection_day_wh=injected_day_ws // 3600,
            injection_night_wh=injected_night_ws // 3600,
            tariff=self._tariff,
            average_demand_w=self._quarter_ws // _QUARTER_S,
            month_peak=self._month_peak,
            peak_history=self._history,
            phases=(
                _phase(l1_w, grid_dv + _PHASE_OFFSETS_DV[0]),
                _phase(l2_w, grid_dv + _PHASE_OFFSETS_DV[1]),
                _phase(l3_w, grid_dv + _PHASE_OFFSETS_DV[2]),
            ),
            gas=self._gas,
            water=self._water,
        )

    def _live_one_second(self) -> None:
        flows = self._flows = self._day.flows_at(self._now_s - self._midnight_s)
        power_w = flows.l1_w + flows.l2_w + flows.l3_w
        if power_w >= 0:
            self._consumption_ws[self._tariff - DAY] += power_w
            self._quarter_ws += power_w
        else:
            self._injection_ws[self._tariff - DAY] -= power_w
        self._gas_ml += flows.gas_ml
        self._water_ml += flows.water_ml
        self._now_s += 1
        if self._now_s % _WATER_INTERVAL_S == 0:
            self._pass_mark()

    def _pass_mark(self) -> None:
        """Do what is due every 15 s, and on the marks of 5 minutes, quarters, hours and months among them."""
        local = _local(self._now_s)
        self._water = Volume(local, self._water_ml // 1000)
        if self._now_s % _GAS_INTERVAL_S == 0:
            self._gas = Volume(local, self._gas_ml // 1000)
        if self._now_s % _QUARTER_S == 0:
            self._end_quarter(local)
        if self._now_s % _HOUR_S == 0:
            self._enter_hour(local)

    def _end_quarter(self, local: datetime) -> None:
        quarter_w, self._quarter_ws = self._quarter_ws // _QUARTER_S, 0
        if quarter_w > self._month_peak.power_w:
            self._month_peak = Peak(local, quarter_w)
        if local == _month_start(local):
            self._history = (*self._history, MonthPeak(local, self._month_peak))[-HISTORY_MONTHS:]
            self._month_peak = Peak(local, 0)

    def _enter_hour(self, local: datetime) -> None:
        """Set what stays the same within an hour: date, tariff and the difference to the clock on the wall."""
        self._midnight_s = self._now_s - local.hour * _HOUR_S - local.minute * 60 - local.second
        is_day = local.weekday() < 5 and 7 <= local.hour < 22  # noqa: PLR2004 -- weekdays from 7 to 22 h
        self._tariff = DAY if is_day else NIGHT
        if local.date() != self._day_date:
            self._day_date = local.date()
            self._day = HouseDay(self._seed, self._day_date)


def _local(unix_s: int) -> datetime:
    return datetime.fromtimestamp(unix_s, BRUSSELS)


def _month_start(local: datetime) -> datetime:
    return datetime(local.year, local.month, 1, tzinfo=BRUSSELS)


def _invented_history(dice: Dice, month_end: datetime) -> tuple[MonthPeak, ...]:
    months: list[MonthPeak] = []
    for _ in range(_FIRST_MONTHS):
        month_start = _month_start(month_end - timedelta(days=1))
        months.append(MonthPeak(month_end, _invented_peak(dice, month_start, month_end)))
        month_end = month_start
    return tuple(reversed(months))


def _invented_peak(dice: Dice, start: datetime, end: datetime) -> Peak:
    """Give a plausible peak between two moments; 0 W at the start if no day lies between them."""
    days = (end - start) // timedelta(days=1)
    if days == 0:
        return Peak(start, 0)
    return Peak(start + timedelta(days=dice.between(0, days - 1), hours=18, minutes=45), dice.between(3200, 4400))


def _phase(power_w: int, grid_dv: int) -> Phase:
    voltage_dv = grid_dv - power_w * _VOLT_DROP_DV_PER_KW // 1000
    return Phase(power_w, voltage_dv, round(abs(power_w) * 1000 / voltage_dv))
