"""The rules over a recording: what the loads would have done, and what the meter would have shown.

The recorded power is the house as it was; loads are added to it. A load draws its `power` all the time that the rules have it
on. A row tells the power since the row before; the loads of that time are those that were on then, and the rules act upon
the sum. Phases, voltages and counters stay as recorded. A pause as long as it takes a meter to count as silent is a gap: its
energy is unknown and counts nowhere, and loads go to their safe state in it. Three ways are reckoned side by side: the house
alone, with the rules, and with timers instead of them (`relay_controller.replay.timers`).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from common.freshness import StaleAfter
from common.payload import Reading
from relay_controller.conditions import PEAK_FORECAST, PEAK_LIMIT, SURPLUS
from relay_controller.decide import decide, initial
from relay_controller.events import Telegram
from relay_controller.load import Plant
from relay_controller.replay.meter import Meter, quarter_end_s
from relay_controller.replay.outcome import Counts, Outcome, Runs
from relay_controller.replay.recorded import Row
from relay_controller.replay.scenario import Scenario
from relay_controller.replay.timers import Day, run_timers
from relay_controller.state import next_due_s

_USUAL_PAUSE_S = 1.0  # nothing becomes due in it that the next row would not show
_DAY = timedelta(days=1)
_QUARTER = timedelta(minutes=15)
_RECKONED = {
    *(SURPLUS, PEAK_FORECAST, PEAK_LIMIT),
    *("net_power", "actual_total_consumption", "actual_total_injection", "average_demand", "peak_demand_month"),
}


def replayable(plant: Plant) -> Plant:
    """Give the plant as it is replayed: loads in shadow mode as the others, without those that only a person switches."""
    return replace(plant, loads=tuple(replace(load, shadow=False) for load in plant.loads if load.has_rules))


def asked_fields(plant: Plant) -> dict[str, frozenset[str]]:
    """Give, for each load, the recorded fields that its conditions ask for; what is reckoned anew is not among them."""
    return {load.name: load.fields - _RECKONED for load in plant.loads}


class Simulation:
    """Takes in a recording row by row; `finish` ends it. `plant` is one of `replayable`, and its loads have a power."""

    def __init__(
        self, plant: Plant, first: Row, stale_after: StaleAfter, timers_from_min: int, *, is_sampled: bool = False
    ) -> None:
        """Begin with the first row; timers start that many minutes after midnight. `is_sampled` keeps what curves need."""
        now_s = first.moment.timestamp()
        self._plant = plant
        self._state = initial(plant, now_s)
        self._stale_after = stale_after
        self._limit_s = stale_after.seconds
        self._timers_from_min = timers_from_min
        self._counts = Counts()
        self._first = first.moment.astimezone(plant.zone)
        powers_w = {load.name: load.power_w or 0.0 for load in plant.loads}
        self._house = Scenario(_meter(first, self._first), {}, is_sampled=is_sampled)
        self._timed = Scenario(_meter(first, self._first), powers_w, is_sampled=is_sampled)
        self._controlled = Scenario(_meter(first, self._first), powers_w, is_sampled=is_sampled)
        self._runs = {name: Runs(on_from_s=now_s if one.on else None) for name, one in self._state.loads.items()}
        self._now_s = now_s
        self._is_night = False
        self._put_loads()
        self._begin_day(now_s)
        self._quarter_end_s = quarter_end_s(now_s)
        self._decide_row(first, now_s)

    def take(self, row: Row) -> None:
        """Take in the next row; one that is not later than the last is only counted."""
        now_s = row.moment.timestamp()
        pause_s = now_s - self._now_s
        if pause_s <= 0:
            self._counts.out_of_order += 1
            return
        if pause_s >= self._limit_s:
            self._counts.gaps += 1
            self._counts.gap_s += pause_s
            self._let_time_decide(now_s, None)
            self._now_s = now_s
            if now_s >= self._quarter_end_s:
                self._advance(now_s)
        elif pause_s > _USUAL_PAUSE_S:
            self._let_time_decide(now_s, row.net_power_w)
        self._pass(now_s, row.net_power_w)
        self._decide_row(row, now_s)

    def finish(self) -> Outcome:
        """End the recording where it is; runs and quarters end too."""
        self._end_day()
        for scenario in (self._house, self._timed, self._controlled):
            scenario.meter.end_quarter()
        for runs in self._runs.values():
            runs.end(self._now_s)
        last = datetime.fromtimestamp(self._now_s, self._plant.zone)
        return Outcome(
            self._first, last, self._timers_from_min, self._counts, self._house, self._timed, self._controlled, self._runs
        )

    def _let_time_decide(self, until_s: float, house_w: float | None) -> None:
        """Decide whenever something is due before `until_s`; the house's power until then is unknown in a gap."""
        due_s = max(self._now_s, next_due_s(self._state))
        while due_s < until_s:
            if house_w is not None:
                self._pass(due_s, house_w)
            self._decide(None, due_s)
            before_s, due_s = due_s, next_due_s(self._state)
            if due_s <= before_s:
                break

    def _pass(self, end_s: float, house_w: float) -> None:
        """Let time pass, quarter by quarter."""
        start_s, is_night = self._now_s, self._is_night
        while start_s < end_s:
            stop_s = min(end_s, self._quarter_end_s)
            self._house.add(start_s, stop_s, house_w, is_night=is_night)
            self._controlled.add(start_s, stop_s, house_w, is_night=is_night)
            self._day.add(start_s, stop_s, house_w, is_night=is_night)
            if stop_s == self._quarter_end_s:
                self._advance(stop_s)
            start_s = stop_s
        self._now_s = end_s

    def _advance(self, now_s: float) -> None:
        """Begin the quarter that runs at `now_s`, and the day."""
        self._house.meter.advance(now_s)
        self._controlled.meter.advance(now_s)
        self._quarter_end_s = quarter_end_s(now_s)
        if now_s >= self._day_end_s:
            self._end_day()
            self._begin_day(now_s)

    def _begin_day(self, now_s: float) -> None:
        now = datetime.fromtimestamp(now_s, self._plant.zone)
        midnight = datetime(now.year, now.month, now.day, tzinfo=now.tzinfo)
        self._day = Day()
        self._day_end_s = (midnight + _DAY).timestamp()
        self._timers_from_s = (midnight + timedelta(minutes=self._timers_from_min)).timestamp()
        self._on_before_s = {name: use.on_s for name, use in self._controlled.uses.items()}

    def _end_day(self) -> None:
        """Let the timers have the day that is over: now it is known how long the rules had each load on."""
        on_s = {name: use.on_s - self._on_before_s[name] for name, use in self._controlled.uses.items()}
        run_timers(self._day, self._timed, on_s, self._timers_from_s)

    def _decide_row(self, row: Row, now_s: float) -> None:
        """Give the rules what the meter would tell."""
        counts, meter = self._counts, self._controlled.meter
        counts.rows += 1
        self._stale_after.saw_telegram(now_s)
        self._limit_s = self._stale_after.seconds
        tariff_name = row.fields.get("actual_tariff_name")
        self._is_night = tariff_name == "night"
        if tariff_name is None:
            counts.without_tariff += 1
        net_power_w = row.net_power_w + self._controlled.loads_w
        month = meter.month
        fields = {
            **row.fields,
            "net_power": net_power_w,
            "actual_total_consumption": net_power_w / 1000 if net_power_w > 0 else 0.0,
            "actual_total_injection": -net_power_w / 1000 if net_power_w < 0 else 0.0,
            "average_demand": meter.average_demand_kw,
            "peak_demand_month": month.peak_kw,
            "peak_demand_month_timestamp": month.stamp,
        }
        self._decide(Telegram(Reading("", row.moment, counts.rows, fields), self._limit_s), now_s)

    def _decide(self, event: Telegram | None, now_s: float) -> None:
        self._state, switches = decide(self._plant, self._state, event, now_s)
        if switches:
            for switch in switches:
                self._runs[switch.load].switch(now_s, on=switch.on)
            self._put_loads()

    def _put_loads(self) -> None:
        self._controlled.put([name for name, one in self._state.loads.items() if one.on])


def _meter(first: Row, local: datetime) -> Meter:
    """Give a meter that begins with the month's peak that the recorded one told, if that is of the same month."""
    fields = first.fields
    match fields.get("peak_demand_month"), fields.get("peak_demand_month_timestamp"):
        case float() as peak_kw, str() as stamp if _is_of_month(stamp, local):
            return Meter(local, peak_kw, stamp)
    return Meter(local)


def _is_of_month(stamp: str, local: datetime) -> bool:
    """Tell whether a peak is of the month: its stamp is the end of its quarter."""
    try:
        quarter = datetime.fromisoformat(stamp) - _QUARTER
    except (ValueError, OverflowError):
        return False
    return (quarter.year, quarter.month) == (local.year, local.month)
