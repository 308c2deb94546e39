"""Decisions in a house where anything may happen: what must hold after each step, whatever the story was.

The house knows the true time and what each load really draws; the controller's clock, the host's and the meter's go their
own ways. Expectations are reckoned here from what the world did, not from what the controller keeps.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import inf
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from common.freshness import FreshnessJudge, StaleAfter
from common.payload import Reading, encode, lag_s
from common.topics import Topics
from relay_controller.conditions import parse_condition
from relay_controller.decide import decide
from relay_controller.events import Command, Switch, Telegram
from relay_controller.hours import ALWAYS, parse_hours
from relay_controller.intake import Ignored, Intake
from relay_controller.load import Load, OnStale, PeakRule, Plant
from relay_controller.load_state import Mode
from relay_controller.memory import Memory, memory_of, recalled
from relay_controller.memory_text import memory_from, text_of
from relay_controller.reason import reason_of
from relay_controller.state import State, next_due_s

ZONE = ZoneInfo("Europe/Brussels")
TOPICS = Topics("smartmeter", "home")
STALE_AFTER_S = 15.0
QUARTER_S = 900
SAVE_EVERY_S = 300.0
KEPT = ("actual_total_consumption", "average_demand", "peak_demand_month")  # what is kept of a telegram follows from these
A_BIT = 1e-6  # of floating point

# A load's rules, and the sets of telegram fields of which one must be there, for each of both conditions.
POWER, TARIFF, VOLTAGE = "net_power", "actual_tariff", "l1_voltage"
RULES: tuple[tuple[str, str, tuple[tuple[frozenset[str], ...], ...]], ...] = (
    ("surplus > 1500 W", "surplus < 200 W", ((frozenset({POWER}),), (frozenset({POWER}),))),
    ("net_power < 500 W", "net_power > 2600 W", ((frozenset({POWER}),), (frozenset({POWER}),))),
    (
        "actual_tariff = 2 and surplus > -3 kW",
        "actual_tariff = 1 or surplus < -6 kW",
        ((frozenset({TARIFF, POWER}),), (frozenset({TARIFF}), frozenset({POWER}))),
    ),
    (
        "l1_voltage > 240 V or surplus > 2 kW",
        "l1_voltage < 235 V and surplus < 1 kW",
        ((frozenset({VOLTAGE}), frozenset({POWER})), (frozenset({VOLTAGE, POWER}),)),
    ),
    ("peak_forecast < 1 kW", "peak_forecast > 3500 W", ((frozenset({POWER}),), (frozenset({POWER}),))),
    ("net_power < 90 kW", "net_power > 90 kW", ((frozenset({POWER}),), (frozenset({POWER}),))),  # whenever it may
)
BY_HAND_ONLY = ("", "", ((), ()))
HOURS = (
    ALWAYS,
    ALWAYS,
    ALWAYS,
    ALWAYS,
    parse_hours("22:00-06:30", ""),
    parse_hours("11:45-12:20, 23:50-00:10", ""),
    parse_hours("", "mon-sat"),
)


@dataclass(frozen=True, slots=True)
class Real:
    """A load of the plant, what it really draws, and what a telegram must have for it."""

    load: Load
    draws_w: int
    needs: tuple[tuple[frozenset[str], ...], ...]

    def knows_all(self, missing: frozenset[str], *, is_guarded: bool) -> bool:
        """Tell whether a telegram without some fields has all that the rules of the load need."""
        if is_guarded and POWER in missing:
            return False
        return all(not one_of or any(not names & missing for names in one_of) for one_of in self.needs)


@st.composite
def reals(draw: st.DrawFn, name: str) -> Real:
    """Draw a load with settings that `rule_problems` has nothing against."""
    on_when, off_when, needs = draw(st.sampled_from((*RULES, BY_HAND_ONLY)))
    power_w = draw(st.sampled_from((800, 2000, None)))
    guarantee_s = draw(st.sampled_from((0, 0, 0, 120, 900))) if on_when else draw(st.sampled_from((0, 120, 900)))
    load = Load(
        name,
        on_when=parse_condition(on_when) if on_when else None,
        off_when=parse_condition(off_when) if off_when else None,
        on_delay_s=draw(st.sampled_from((0, 5, 20))),
        off_delay_s=draw(st.sampled_from((0, 10))),
        min_on_s=draw(st.sampled_from((0, 30, 100))),
        min_off_s=draw(st.sampled_from((0, 20, 100))),
        hours=draw(st.sampled_from(HOURS)),
        max_starts_per_day=draw(st.sampled_from((0, 0, 0, 1, 3))),
        max_on_per_day_s=draw(st.sampled_from((0, 0, 0, 400))),
        min_on_per_day_s=guarantee_s,
        by_min=draw(st.sampled_from((0, 150, 360, 745))) if guarantee_s else 0,
        power_w=power_w,
        priority=draw(st.integers(1, 3)),
        on_stale=draw(st.sampled_from(OnStale)),
        manual_timeout_s=draw(st.sampled_from((40, 3600))),
        shadow=draw(st.sampled_from((False, False, False, True))),
    )
    return Real(load, power_w or 1200, needs)


@st.composite
def eager_reals(draw: st.DrawFn, name: str) -> Real:
    """Draw a load that is on whenever it may, so that loads compete for the room below the limit."""
    on_when, off_when, needs = draw(st.sampled_from((RULES[-1], RULES[-1], RULES[0], RULES[3])))
    power_w = draw(st.sampled_from((800, 2000)))
    load = Load(
        name,
        on_when=parse_condition(on_when),
        off_when=parse_condition(off_when),
        on_delay_s=0,
        off_delay_s=0,
        min_on_s=draw(st.sampled_from((0, 100))),
        min_off_s=0,
        power_w=power_w,
        priority=draw(st.integers(1, 3)),
        manual_timeout_s=40,
    )
    return Real(load, power_w, needs)


@st.composite
def houses(draw: st.DrawFn) -> tuple[Plant, list[Real]]:
    """Draw a plant."""
    kind = draw(st.sampled_from((eager_reals, reals)))
    drawn = [draw(kind(name)) for name in "abc"[: draw(st.sampled_from((3, 2, 1)))]]
    by_priority = sorted(drawn, key=lambda real: real.load.priority)
    limit_kw = draw(st.sampled_from((3.0, 5.0, 1.5, None)))
    peak = draw(st.sampled_from((PeakRule(limit_kw), PeakRule(limit_kw), None)))
    return Plant(tuple(real.load for real in by_priority), draw(st.sampled_from((0.0, 10.0))), peak, ZONE), by_priority


STARTS = [
    datetime.fromisoformat(text).timestamp()
    for text in (
        "2026-06-15T11:50:00+02:00",
        "2026-06-15T23:40:00+02:00",
        "2026-03-29T01:40:00+01:00",  # 20 minutes before summer time
        "2026-10-25T02:40:00+02:00",  # 20 minutes before winter time
        "2026-05-31T23:50:00+02:00",  # ten minutes before another month
        "2026-01-10T05:00:00+01:00",
    )
]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some telegrams while the house draws the same without its loads."""

    base_w: int
    count: int
    every_s: int
    late_s: float


STRETCHES = st.lists(
    st.builds(
        Stretch,
        base_w=st.one_of(st.sampled_from((600, -1000, -2500, -5000, 1400, 2400, 4000)), st.integers(-6000, 4000)),
        count=st.one_of(st.integers(1, 3), st.integers(1, 3), st.integers(1, 40)),
        every_s=st.sampled_from((10, 5, 1)),
        late_s=st.sampled_from((0.0, 1 / 64)),  # exact in binary, as all times here
    ),
    min_size=1,
    max_size=6,
)


class House(RuleBasedStateMachine):
    """The world, the controller, and what to expect of it."""

    @initialize(
        house=houses(),
        meter_s=st.sampled_from(STARTS),
        sends=st.frozensets(st.sampled_from(("average_demand", "peak_demand_month", "timestamp"))),
        base_w=st.integers(-6000, 4000),
        is_judged=st.booleans(),
        is_lazy=st.booleans(),
    )
    def move_in(
        self,
        house: tuple[Plant, list[Real]],
        meter_s: float,
        sends: frozenset[str],
        base_w: int,
        *,
        is_judged: bool,
        is_lazy: bool,
    ) -> None:
        """Begin. `is_judged`: telegrams go through the intake; `is_lazy`: nothing wakes the controller but messages."""
        self.plant, self.reals = house
        self.by_name = {real.load.name: real for real in self.reals}
        self.sends, self.base_w, self.is_judged, self.is_lazy = sends, base_w, is_judged, is_lazy
        self.true_s, self.origin_s = 1000.0, 0.0
        self.host_offset_s = self.meter_offset_s = meter_s - self.true_s
        self.energy_kw, self.month_peak_kw, self.peak_stamp = 0.0, 0.0, ""
        self.tariff, self.voltage, self.seq = 1, 238.0, 0
        self.learned: dict[str, float] = {}
        self.last_rules_s: dict[bool, float] = {}
        self.shed_in: dict[bool, int] = {}
        self.ruled: dict[str, tuple[float, bool]] = {}
        self.day: date | None = None
        self.starts = dict.fromkeys(self.by_name, 0)
        self.on_s = dict.fromkeys(self.by_name, 0.0)
        self.stuck_s: dict[str, float] = {}
        self.wanted_s: dict[str, float] = {}
        self.has_jumped = False
        self.boot(Memory())
        self.save()

    # --- the world ---------------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """The controller's monotonic clock."""
        return self.true_s - self.origin_s

    @property
    def host_now(self) -> datetime:
        """The host's clock."""
        return datetime.fromtimestamp(self.true_s + self.host_offset_s, UTC)

    @property
    def meter_s(self) -> int:
        """The meter's clock, in whole seconds."""
        return int(self.true_s + self.meter_offset_s)

    @property
    def drawn_w(self) -> int:
        """What the loads really draw."""
        return sum(real.draws_w for real in self.reals if self.state.loads[real.load.name].on and not real.load.shadow)

    def known_w(self, load: Load) -> float:
        """Give what the controller can know of a load's power."""
        return self.learned.get(load.name, 0.0) if load.power_w is None else load.power_w

    def boot(self, memory: Memory) -> None:
        """Start the controller with what it remembers."""
        self.state: State = recalled(self.plant, memory, self.now_s, self.host_now)
        self.intake = Intake(TOPICS, self.state.loads, FreshnessJudge(StaleAfter(STALE_AFTER_S)))
        self.full_until_s = dict.fromkeys(self.by_name, -inf)  # true time until which what a load needs is known
        self.fresh_until_s = -inf
        self.held = {name: one.auto_on for name, one in self.state.loads.items()}
        self.manual: dict[str, tuple[float, bool]] = {}
        self.last_rules_s = {}
        self.measured: tuple[float, frozenset[str]] | None = None  # net power of the last telegram, loads on then

    def run(self, seconds: float) -> None:
        """Let time pass: the meter counts, and the controller wakes when something is due."""
        end_s = self.true_s + seconds
        while not self.is_lazy and (due_s := next_due_s(self.state) + self.origin_s) <= end_s:
            self.spend(max(due_s, self.true_s))
            self.decide(None)
            assert next_due_s(self.state) > self.now_s
        self.spend(end_s)

    def spend(self, until_s: float) -> None:
        """Let the meter and the clocks run."""
        import_kw = max(0, self.base_w + self.drawn_w) / 1000
        while self.true_s < until_s:
            at_s = self.true_s + self.meter_offset_s
            step_s = min(until_s - self.true_s, QUARTER_S - at_s % QUARTER_S)
            self.energy_kw += import_kw * step_s / QUARTER_S
            for name, one in self.state.loads.items():
                self.on_s[name] += step_s if one.on else 0.0
            self.true_s = until_s if step_s == until_s - self.true_s else self.true_s + step_s
            if (self.true_s + self.meter_offset_s) // QUARTER_S != at_s // QUARTER_S:
                self.end_quarter(at_s)

    def end_quarter(self, at_s: float) -> None:
        """Begin a quarter, and maybe a month."""
        begin = datetime.fromtimestamp(at_s, ZONE)
        end = datetime.fromtimestamp((at_s // QUARTER_S + 1) * QUARTER_S, ZONE)
        if self.energy_kw > self.month_peak_kw:
            self.month_peak_kw, self.peak_stamp = self.energy_kw, end.isoformat()
        if begin.month != end.month:
            self.month_peak_kw = 0.0
        self.energy_kw = 0.0

    def reading(self, missing: frozenset[str]) -> Reading:
        """Give what the meter sends now."""
        net_w = self.base_w + self.drawn_w
        fields: dict[str, object] = {}
        if POWER not in missing:
            fields |= {POWER: net_w, "actual_total_consumption": max(0, net_w) / 1000}
        if TARIFF not in missing:
            fields |= {TARIFF: self.tariff, "actual_tariff_name": ("day", "night")[self.tariff - 1]}
        if VOLTAGE not in missing:
            fields[VOLTAGE] = self.voltage
        if "average_demand" in self.sends:
            fields["average_demand"] = round(self.energy_kw, 3)
        if "peak_demand_month" in self.sends and self.peak_stamp:
            fields |= {"peak_demand_month": round(self.month_peak_kw, 3), "peak_demand_month_timestamp": self.peak_stamp}
        received = self.host_now
        if "timestamp" in self.sends or not self.is_judged:
            fields["timestamp"] = datetime.fromtimestamp(self.meter_s, ZONE).isoformat()
        self.seq += 1
        return Reading("home", received, self.seq, fields, lag_s(fields, received))

    # --- what happens ------------------------------------------------------------------------------------------------

    @rule(then=STRETCHES)
    def telegrams(self, then: list[Stretch]) -> None:
        """Let telegrams come, every other one a bit late, while the house draws the same."""
        for stretch in then:
            self.base_w = stretch.base_w
            for number in range(stretch.count):
                self.run(stretch.every_s + (stretch.late_s if number % 2 else -stretch.late_s))
                self.telegram(frozenset())
            self.look()

    @rule(missing=st.frozensets(st.sampled_from((POWER, TARIFF, VOLTAGE)), min_size=1), count=st.integers(1, 4), then=STRETCHES)
    def telegrams_lack_fields(self, missing: frozenset[str], count: int, then: list[Stretch]) -> None:
        """Let the meter leave something out."""
        for _ in range(count):
            self.run(5)
            self.telegram(missing)
        self.look()
        self.telegrams(then)

    @rule(tariff=st.sampled_from((1, 2)), voltage=st.sampled_from((234.0, 238.0, 242.0)), then=STRETCHES)
    def it_is_another_tariff(self, tariff: int, voltage: float, then: list[Stretch]) -> None:
        """And the voltage is another one."""
        self.tariff, self.voltage = tariff, voltage
        self.has_jumped = True  # when guaranteed time begins depends on when the low tariff ended last
        self.telegrams(then)

    @rule(seconds=st.one_of(st.integers(1, 40), st.integers(1, 5000)), then=STRETCHES)
    def nothing_comes(self, seconds: int, then: list[Stretch]) -> None:
        """Let there be a gap."""
        self.run(seconds)
        self.look()
        self.telegrams(then)

    @rule(before_s=st.integers(1, 60), by_min=st.sampled_from((0, 15, 150, 345, 360, 705, 720, 745, 1310)), then=STRETCHES)
    def it_gets_late(self, before_s: int, by_min: int, then: list[Stretch]) -> None:
        """Let there be a gap until some time of the meter's clock is near."""
        wall = datetime.fromtimestamp(self.meter_s, ZONE)
        self.run((by_min * 60 - before_s - (wall.hour * 3600 + wall.minute * 60 + wall.second)) % 86_400)
        self.telegrams(then)

    @rule(
        choices=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(Mode)), min_size=1, max_size=3),
        after_s=st.sampled_from((0.0, 0.5)),
        then=STRETCHES,
    )
    def a_person_chooses(self, choices: list[tuple[str, Mode]], after_s: float, then: list[Stretch]) -> None:
        """Or leaves loads to the rules again."""
        for name, mode in choices:
            if name in self.by_name:
                self.run(after_s)
                self.decide(Command(name, mode))
                self.look()
        self.telegrams(then)

    @rule(power_w=st.sampled_from((None, 900, 1200)))
    def powers_are_learned(self, power_w: int | None) -> None:
        """Of the loads that have none in the settings; or what was learned turns out wrong."""
        names = [real.load.name for real in self.reals if real.load.power_w is None and not real.load.shadow]
        self.learned = {} if power_w is None else dict.fromkeys(names, float(power_w))

    @rule(seconds=st.sampled_from((-86_400, -3600, -70, -3, 3, 70, 3600, 86_400)))
    def the_meters_clock_jumps(self, seconds: int) -> None:
        """Ahead or back."""
        before_s = self.true_s + self.meter_offset_s
        self.meter_offset_s += seconds
        self.jump(seconds)
        if (before_s + seconds) // QUARTER_S != before_s // QUARTER_S:
            self.energy_kw = 0.0

    @rule(seconds=st.sampled_from((-3600.0, -3.0, 3.0, 3600.0)))
    @precondition(lambda self: self.is_judged)
    def the_hosts_clock_jumps(self, seconds: float) -> None:
        """Ahead or back."""
        self.host_offset_s += seconds
        self.jump(seconds)

    @rule(
        away_s=st.sampled_from((0, 3, 100, 4000)),
        host_s=st.sampled_from((-3600.0, 0.0, 0.0, 50.0)),
        torn=st.floats(0, 1, exclude_max=True),
        is_crash=st.booleans(),
        then=STRETCHES,
    )
    def the_controller_starts_again(
        self, away_s: int, host_s: float, torn: float, then: list[Stretch], *, is_crash: bool
    ) -> None:
        """After a stop, or a crash that costs what was not kept; the host's clock may be wrong at first."""
        if not is_crash:
            self.save()
        text = text_of(self.saved)
        self.assert_torn_text_stops_nothing(text[: int(torn * len(text.rstrip()))])
        assert memory_from(text) == replace(self.saved, quarter=memory_from(text).quarter)
        for name, kept in self.saved.loads.items():
            assert -A_BIT <= self.on_s[name] - kept.on_s <= self.true_s - self.saved_s + A_BIT
            self.on_s[name] = kept.on_s
        elapsed_s = -self.saved_host_s + self.host_offset_s + host_s  # that the host's clock adds to the true time
        self.true_s += away_s
        self.energy_kw = 0.0 if away_s > QUARTER_S else self.energy_kw
        self.host_offset_s += host_s
        self.jump(host_s)
        self.origin_s = self.true_s - 5.0  # a machine that just came up
        self.ruled = {
            name: (at_s - max(0.0, elapsed_s), on)
            for name, (at_s, on) in self.ruled.items()
            if on == self.by_name[name].load.safe_on
        }
        self.boot(memory_from(text))
        self.save()
        self.look()
        self.telegrams(then)

    def jump(self, seconds: float) -> None:
        """Note that a clock was set: what is said of times on it begins anew."""
        self.has_jumped |= seconds != 0
        if abs(seconds) > STALE_AFTER_S:
            self.shed_in = {}

    # --- the controller ----------------------------------------------------------------------------------------------

    def telegram(self, missing: frozenset[str]) -> None:
        """Let the meter send, and the controller judge and decide."""
        reading = self.reading(missing)
        event: Telegram | Ignored = Telegram(reading, STALE_AFTER_S)
        if self.is_judged:
            event = self.intake.telegram(encode(reading), retained=False, now=self.host_now, now_s=self.now_s)
        if isinstance(event, Ignored):
            self.decide(None)
            return
        is_guarded = self.plant.peak is not None
        self.decide(replace(event, learned_w=dict(self.learned)), missing)
        self.fresh_until_s = self.true_s + event.fresh_for_s
        for name, real in self.by_name.items():
            if real.knows_all(missing, is_guarded=is_guarded):
                self.full_until_s[name] = self.true_s + event.fresh_for_s
        self.hold()

    def decide(self, event: Telegram | Command | None, missing: frozenset[str] = frozenset()) -> None:
        """Decide, and compare with what is expected."""
        before = self.state
        aged, _ = decide(self.plant, before, None, self.now_s)
        after, switches = decide(self.plant, before, event, self.now_s)
        self.manual = {name: choice for name, choice in self.manual.items() if self.true_s < choice[0]}
        if isinstance(event, Command):
            self.manual.pop(event.load, None)
            if event.mode is not Mode.AUTO:
                until_s = self.true_s + self.by_name[event.load].load.manual_timeout_s
                self.manual[event.load] = (until_s, event.mode is Mode.ON)
        assert switches == tuple(
            Switch(load.name, after.loads[load.name].on)
            for load in self.plant.loads
            if not load.shadow and before.loads[load.name].on != after.loads[load.name].on
        )
        self.check_returns(before, aged if isinstance(event, Telegram) else after)
        if isinstance(event, Telegram):
            self.begin_day()
            if POWER not in missing:
                self.measured = (float(self.base_w + self.drawn_w), self.on_now(before))
            self.check_surplus(before, after, missing)
            self.see_wants(after, missing)
            self.check_rules(aged, after, missing)
        for name, real in self.by_name.items():
            was, one = before.loads[name], after.loads[name]
            if was.mode is Mode.OFF and one.mode is Mode.AUTO and real.load.on_stale is OnStale.HOLD:
                self.held[name] = False  # as it was
        self.state = after
        for name, (_, on) in self.manual.items():
            assert after.loads[name].on == on
        if not isinstance(event, Telegram):
            self.check_safe()
        self.hold()
        self.keep()

    def hold(self) -> None:
        """Note what `hold` holds from now on, of the loads that know enough."""
        self.held |= {name: one.auto_on for name, one in self.state.loads.items() if not self.is_blind(name)}

    def on_now(self, state: State) -> frozenset[str]:
        """Name the loads that are really on."""
        return frozenset(real.load.name for real in self.reals if state.loads[real.load.name].on and not real.load.shadow)

    def begin_day(self) -> None:
        """Count anew on another day; a clock that goes back a little begins none."""
        at_s = self.meter_s if "timestamp" in self.sends or not self.is_judged else self.host_now.timestamp()
        self.at_s = float(int(at_s))
        today = datetime.fromtimestamp(self.at_s, ZONE).date()
        if self.day is None or not self.day - timedelta(days=1) <= today <= self.day:
            if self.day is not None:
                self.starts = dict.fromkeys(self.by_name, 0)
                self.on_s = dict.fromkeys(self.by_name, 0.0)
            self.day = today

    def see_wants(self, after: State, missing: frozenset[str]) -> None:
        """Note since when on_when holds in every telegram, each of which had all that the load needs."""
        for name, real in self.by_name.items():
            knows_all = real.knows_all(missing, is_guarded=self.plant.peak is not None)
            if self.true_s >= self.fresh_until_s:
                self.wanted_s.pop(name, None)
            if knows_all and real.load.on_when is not None and real.load.on_when.holds(after.values(name)):
                self.wanted_s.setdefault(name, self.true_s)
            else:
                self.wanted_s.pop(name, None)

    def is_blind(self, name: str) -> bool:
        """Tell whether what a load needs has not come for too long."""
        return self.true_s >= self.full_until_s[name] - A_BIT

    def save(self) -> None:
        """Keep what outlives a restart."""
        self.saved = memory_of(self.state, {}, self.now_s, self.host_now)
        self.saved_s, self.saved_host_s = self.true_s, self.host_offset_s

    def keep(self) -> None:
        """Keep it when the controller does."""
        memory = memory_of(self.state, {}, self.now_s, self.host_now)
        if self.true_s - self.saved_s >= SAVE_EVERY_S or memory.essence != self.saved.essence:
            self.save()

    # --- what must hold ----------------------------------------------------------------------------------------------

    def check_safe(self) -> None:
        """Without fresh telegrams that have all that it needs a load is in its safe state; `hold` stays as it was."""
        for name, real in self.by_name.items():
            one = self.state.loads[name]
            if real.load.has_rules and self.is_blind(name):
                expected = self.held[name] if real.load.on_stale is OnStale.HOLD else real.load.safe_on
                assert one.auto_on == expected, name
            if name not in self.manual:
                assert one.on == one.auto_on

    def check_surplus(self, before: State, after: State, missing: frozenset[str]) -> None:
        """Surplus adds back what the load and those of lower priority drew when the meter looked."""
        if POWER in missing:
            return
        drawing = self.on_now(before)
        for load in self.plant.loads:
            own_w = sum(
                self.known_w(other)
                for other in self.plant.loads
                if other.name in drawing and (other is load or other.priority > load.priority)
            )
            assert after.values(load.name)("surplus") == own_w - self.base_w - self.drawn_w

    def check_rules(self, aged: State, after: State, missing: frozenset[str]) -> None:
        """Check what the rules switched at a telegram; `aged` is how the loads were just before it, with nothing overdue."""
        switched = [
            load
            for load in self.plant.loads
            if aged.loads[load.name].on != after.loads[load.name].on and after.loads[load.name].mode is Mode.AUTO
        ]
        is_broken = POWER not in missing and self.breaks_limit(after, self.on_now(aged), is_steady=False)
        number = int(self.at_s // QUARTER_S)
        for load in switched:
            on = after.loads[load.name].on
            self.check_pace(load, on=on)
            if on:
                self.check_goes_on(load, aged, after)
                self.starts[load.name] += 1
            elif is_broken and not load.shadow and not self.wants_off(load, after):
                self.check_order(load, aged, after)
                self.shed_in[False] = number
            elif not load.shadow and not self.wants_off(load, after):
                self.check_yields(load, aged, after)
        for shadow in (False, True):
            switched_now = [load for load in switched if load.shadow is shadow]
            if switched_now and self.plant.settle_s:
                assert len(switched_now) == 1
                assert self.true_s - self.last_rules_s.get(shadow, -inf) >= self.plant.settle_s - A_BIT
            if switched_now:
                self.last_rules_s[shadow] = self.true_s
        if is_broken:
            self.check_something_is_shed(aged, switched)
        for load in self.plant.loads:
            self.check_guarantee_ends(load, after)

    def check_pace(self, load: Load, *, on: bool) -> None:
        """Never faster than the minimum times."""
        if load.name in self.ruled and self.ruled[load.name][1] != on:
            least_s = load.min_off_s if on else load.min_on_s
            assert self.true_s - self.ruled[load.name][0] >= least_s - A_BIT, load.name
        self.ruled[load.name] = (self.true_s, on)

    def check_goes_on(self, load: Load, before: State, after: State) -> None:
        """By the rules: within hours and limits, never above the peak limit, not in a quarter in which the guard shed."""
        assert load.has_rules
        assert load.hours.is_open(datetime.fromtimestamp(self.at_s, ZONE))
        if load.max_starts_per_day:
            assert self.starts[load.name] < load.max_starts_per_day
        counters = before.loads[load.name].counters
        if load.max_on_per_day_s and counters.day == self.day:
            left_s = load.max_on_per_day_s - counters.today_s(self.now_s)
            assert left_s > 0
            assert left_s >= load.min_on_s
        if not load.min_on_per_day_s:
            assert self.true_s - self.wanted_s[load.name] >= load.on_delay_s
        if self.plant.peak is not None:
            assert self.shed_in.get(load.shadow) != int(self.at_s // QUARTER_S)
            if not load.shadow:
                assert not self.breaks_limit(after, self.on_now(after), is_steady=True), load.name

    def breaks_limit(self, state: State, on: frozenset[str], *, is_steady: bool) -> bool:
        """Tell whether the quarter, and as `is_steady` the next one too, will average too much with these loads on."""
        situation, peak = state.last, self.plant.peak
        if peak is None or situation is None or situation.quarter is None or self.measured is None:
            return False
        net_w, were_on = self.measured
        more_w = sum(self.known_w(self.by_name[name].load) for name in on - were_on)
        less_w = sum(self.known_w(self.by_name[name].load) for name in were_on - on)
        quarter = situation.quarter
        limit_kw = peak.limit_kw if peak.limit_kw is not None else max(2.5, quarter.month_peak_kw)
        told_kw = situation.reading.number("average_demand")
        if told_kw is not None and self.at_s % QUARTER_S >= 30:
            assert quarter.demand_kw == told_kw
        import_kw = max(0.0, net_w + more_w - less_w) / 1000
        left_s = QUARTER_S - self.at_s % QUARTER_S
        forecast_kw = quarter.demand_kw + import_kw * left_s / QUARTER_S
        reached_kw = max(forecast_kw, import_kw) if is_steady else forecast_kw
        return reached_kw > limit_kw - peak.margin_kw + A_BIT

    def wants_off(self, load: Load, after: State) -> bool:
        """Tell whether anything but the guard may have switched a load off."""
        one = after.loads[load.name]
        return (
            one.off_since_s is not None
            or not load.hours.is_open(datetime.fromtimestamp(self.at_s, ZONE))
            or (load.max_on_per_day_s > 0 and one.counters.today_s(self.now_s) >= load.max_on_per_day_s)
            or load.min_on_per_day_s > 0
        )

    def is_free_to_go_off(self, load: Load, before: State) -> bool:
        """Tell whether the guard may take a load that is on by the rules."""
        one = before.loads[load.name]
        return (
            load.has_rules
            and not load.shadow
            and one.on
            and one.mode is Mode.AUTO
            and one.min_time_left_s(load, self.now_s) == 0
            and not self.is_blind(load.name)
        )

    def check_order(self, shed: Load, before: State, after: State) -> None:
        """Check that loads of lower priority went first, unless their min_on holds."""
        for load in self.plant.loads:
            if load.priority > shed.priority and after.loads[load.name].on:
                assert not self.is_free_to_go_off(load, before), load.name

    def check_yields(self, off: Load, before: State, after: State) -> None:
        """Check that it went off for a more important load that wants to go on, and the least important one did."""
        self.check_order(off, before, after)
        assert [
            load.name
            for load in self.plant.loads
            if load.priority < off.priority
            and not load.shadow
            and load.has_rules
            and not after.loads[load.name].on
            and (load.min_on_per_day_s or self.true_s - self.wanted_s.get(load.name, inf) >= load.on_delay_s)
        ], off.name

    def check_something_is_shed(self, before: State, switched: list[Load]) -> None:
        """While the limit would be broken, every settling time something goes off that may."""
        has_settled = self.true_s - self.last_rules_s.get(False, -inf) >= self.plant.settle_s + A_BIT
        if has_settled and not any(not load.shadow for load in switched):
            assert not [load.name for load in self.plant.loads if self.is_free_to_go_off(load, before)]

    def check_guarantee_ends(self, load: Load, after: State) -> None:
        """Check that a load with nothing but a guaranteed time is off when that is reached, or far away."""
        one = after.loads[load.name]
        is_for_it = load.has_rules and load.on_when is None and one.on and one.mode is Mode.AUTO
        if not is_for_it or self.is_blind(load.name):
            self.stuck_s.pop(load.name, None)
            return
        due_at_s = one.counters.due_at_s or 0.0
        is_reached = one.counters.toward_guarantee_s(self.now_s) >= load.min_on_per_day_s
        is_far = load.hours.is_always and not self.has_jumped and due_at_s - self.at_s > 2 * load.min_on_per_day_s + 3600
        if is_reached or is_far:
            since_s = self.stuck_s.setdefault(load.name, self.true_s)
            assert self.true_s - since_s <= load.min_on_s + 40 * (1 + len(self.reals)), load.name
        else:
            self.stuck_s.pop(load.name, None)

    def check_returns(self, before: State, after: State) -> None:
        """Check that the end of a person's choice itself switches nothing on that the rules decide about."""
        for name, real in self.by_name.items():
            was, one = before.loads[name], after.loads[name]
            if was.mode is Mode.OFF and one.mode is Mode.AUTO and real.load.has_rules and not self.is_blind(name):
                assert not one.on, name

    def look(self) -> None:
        """Sentences begin with the true state, and counters know how long each load was on."""
        for load in self.plant.loads:
            one = self.state.loads[load.name]
            sentence = reason_of(self.plant, load, self.state, self.now_s)
            word = "on" if one.on and not load.shadow else "off"
            assert sentence.startswith(f"{word}: ")
            assert len(sentence) > len(f"{word}: ")
            assert abs(one.counters.today_s(self.now_s) - self.on_s[load.name]) < A_BIT * 1000

    def assert_torn_text_stops_nothing(self, text: str) -> None:
        """Check that a part of the text is refused, and nothing else happens."""
        try:
            memory_from(text)
        except ValueError:
            return
        raise AssertionError(text)


TestHouse = House.TestCase
TestHouse.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("timestamp", ["0001-01-01T00:00:00+00:00", "9999-12-31T12:00:00+00:00", "9999-12-31T23:59:59+00:00"])
def test_a_telegram_of_an_impossible_time_stops_nothing(timestamp: str) -> None:
    """Anybody may publish one; it is ignored or decided about."""
    load = Load("a", min_on_per_day_s=60)
    plant = Plant((load,), peak=PeakRule(None), zone=ZONE)
    now = datetime.fromtimestamp(STARTS[0], UTC)
    intake = Intake(TOPICS, {"a"}, FreshnessJudge(StaleAfter(STALE_AFTER_S)))
    fields = {"net_power": 1, "timestamp": timestamp}
    event = intake.telegram(encode(Reading("home", now, 1, fields)), retained=False, now=now, now_s=1.0)
    state, _ = decide(plant, recalled(plant, Memory(), 0, now), None if isinstance(event, Ignored) else event, 1.0)
    assert reason_of(plant, load, state, 1.0)


def test_torn_at_any_byte_the_text_is_no_memory() -> None:
    """Whatever is left of it is refused; the whole says the same again."""
    load = Load("a", on_when=parse_condition("surplus > 1 kW"), off_when=parse_condition("surplus < 0 W"), min_on_per_day_s=60)
    plant = Plant((load, replace(load, name="b", on_stale=OnStale.ON)), 0, PeakRule(None), ZONE)
    now = datetime.fromtimestamp(STARTS[0], UTC)
    state = recalled(plant, Memory(), 0, now)
    fields = {"net_power": -1600, "timestamp": datetime.fromtimestamp(STARTS[0], ZONE).isoformat()}
    state, _ = decide(plant, state, Telegram(Reading("home", now, 1, fields), STALE_AFTER_S), 100)
    text = text_of(memory_of(state, {}, 101, now))
    assert text_of(memory_from(text)) == text
    for length in range(len(text.rstrip())):
        with pytest.raises(ValueError, match=r"."):
            memory_from(text[:length])


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(KEPT, st.floats(-1e6, 1e6))))
def test_whatever_the_meter_tells_what_is_kept_can_be_read(fields: dict[str, float]) -> None:
    """A meter's odd number costs no counters at the next start."""
    plant = Plant((Load("a", min_on_per_day_s=60),), 0, PeakRule(None), ZONE)
    now = datetime.fromtimestamp(STARTS[0], UTC)
    state = recalled(plant, Memory(), 0, now)
    state, _ = decide(plant, state, Telegram(Reading("home", now, 1, dict(fields)), STALE_AFTER_S), 1)
    text = text_of(memory_of(state, {}, 2, now))
    assert text_of(memory_from(text)) == text
