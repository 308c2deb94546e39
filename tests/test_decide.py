"""Decisions: tables by situation, and what holds whatever happens.

A situation is a row of moments in seconds; at each something happens, and the loads that are on afterwards are compared.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.payload import Reading
from relay_controller.conditions import parse_condition
from relay_controller.decide import decide, initial, stopped
from relay_controller.events import Command, Switch, Telegram
from relay_controller.load import Load, OnStale, Plant
from relay_controller.load_state import Mode
from relay_controller.state import State, next_due_s

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FRESH_FOR_S = 15.0
TICK = None

BOILER = Load(
    "boiler",
    on_when=parse_condition("surplus > 1500 W"),
    off_when=parse_condition("surplus < 200 W"),
    on_delay_s=20,
    off_delay_s=30,
    min_on_s=60,
    min_off_s=100,
    power_w=2000,
)
# Acts at the first telegram, so that what else holds it back shows.
QUICK = replace(BOILER, on_delay_s=0, off_delay_s=0, min_on_s=0, min_off_s=0)
LAMP = Load("lamp")

Event = Telegram | Command | None


def net(power_w: int, **fields: object) -> Telegram:
    """Give a telegram with a net power; + is drawn from the grid."""
    return Telegram(Reading("home", NOW, 1, {"net_power": power_w, **fields}), FRESH_FOR_S)


def by_hand(choice: Mode, load: str = "boiler") -> Command:
    """Give a person's command."""
    return Command(load, choice)


def on(state: State) -> set[str]:
    """Name the loads that are on."""
    return {name for name, one in state.loads.items() if one.on}


def play(plant: Plant, moments: Iterable[tuple[float, Event]]) -> list[set[str]]:
    """Give which loads are on after each moment; the switches are checked to be the differences."""
    state, history = initial(plant), []
    for now_s, event in moments:
        before = on(state)
        state, switches = decide(plant, state, event, now_s)
        assert {switch.load for switch in switches} == before ^ on(state)
        assert all(switch.on == (switch.load in on(state)) for switch in switches)
        history.append(on(state))
    return history


def is_on(load: Load, moments: Iterable[tuple[float, Event]], settle_s: float = 10.0) -> list[bool]:
    """Give whether the only load is on after each moment."""
    return [bool(loads) for loads in play(Plant((load,), settle_s), moments)]


SUN, CLOUD, NIGHT = net(-2000), net(-1000), net(500)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        pytest.param([(0, SUN), (10, SUN), (19.9, SUN), (20, SUN)], [False, False, False, True], id="on after on_delay"),
        pytest.param(
            [(0, SUN), (10, CLOUD), (15, SUN), (25, SUN), (35, SUN)], [False] * 4 + [True], id="a break starts it anew"
        ),
        pytest.param(
            [(0, SUN), (10, Telegram(Reading("home", NOW, 1, {}), FRESH_FOR_S)), (15, SUN), (25, SUN), (35, SUN)],
            [False] * 4 + [True],
            id="a missing field is a break",
        ),
        pytest.param([(0, SUN), (13, TICK), (14, SUN), (21, TICK)], [False] * 4, id="time alone switches nothing on"),
        pytest.param([(0, SUN), (16, SUN), (30, SUN), (36, SUN)], [False, False, False, True], id="a gap is a break"),
    ],
)
def test_on_delay_is_a_time_without_a_break(moments: list[tuple[float, Event]], expected: list[bool]) -> None:
    """The condition must hold in every telegram of the delay."""
    assert is_on(BOILER, moments) == expected


@pytest.mark.parametrize(
    ("load", "moments", "expected"),
    [
        pytest.param(
            replace(QUICK, off_delay_s=30),
            [(0, SUN), (10, net(2500)), (20, net(2500)), (30, net(2500)), (40, net(2500))],
            [True, True, True, True, False],
            id="off after off_delay",
        ),
        pytest.param(
            QUICK,
            [(0, SUN), (10, net(0)), (20, net(1799)), (30, net(1801))],
            [True, True, True, False],
            id="its own 2000 W do not switch it off",
        ),
        pytest.param(
            replace(QUICK, min_on_s=60),
            [(0, SUN), (14, net(9000)), (28, net(9000)), (42, net(9000)), (56, net(9000)), (60, net(9000))],
            [True, True, True, True, True, False],
            id="min_on",
        ),
        pytest.param(
            replace(QUICK, min_off_s=40),
            [(0, SUN), (10, net(9000)), (20, SUN), (34, SUN), (48, SUN), (50, SUN)],
            [True, False, False, False, False, True],
            id="min_off counts from the switch",
        ),
        pytest.param(
            replace(QUICK, on_when=parse_condition("surplus > -9 kW")),
            [(0, net(500)), (10, net(-300))],
            [False, True],
            id="off wins when both conditions hold",
        ),
    ],
)
def test_rules_wait_for_off_delay_and_minimum_times(
    load: Load, moments: list[tuple[float, Event]], expected: list[bool]
) -> None:
    """A row per thing to wait for."""
    assert is_on(load, moments) == expected


@pytest.mark.parametrize(
    ("on_stale", "expected"),
    [
        # after: start, on by the rules, still fresh, stale, still stale, night again
        pytest.param(OnStale.OFF, [False, True, True, False, False, False], id="off"),
        pytest.param(OnStale.ON, [True, True, True, True, True, False], id="on"),
        pytest.param(OnStale.HOLD, [False, True, True, True, True, False], id="hold"),
    ],
)
def test_without_fresh_telegrams_a_load_is_safe(on_stale: OnStale, expected: list[bool]) -> None:
    """Before the first telegram too; then `hold` means off."""
    moments = [(0, TICK), (1, SUN), (15.9, TICK), (16, TICK), (500, TICK), (501, net(9000))]
    assert is_on(replace(QUICK, on_stale=on_stale), moments) == expected


# Its off_when needs a field that a single-phase meter never sends.
PHASED = replace(QUICK, off_when=parse_condition("l2_voltage < 210 V"))
FINE, LOW, SINGLE = net(-2000, l2_voltage=230.0), net(-2000, l2_voltage=200.0), net(-2000)


@pytest.mark.parametrize(
    ("load", "moments", "expected"),
    [
        pytest.param(PHASED, [(0, SINGLE), (1, SINGLE), (20, SINGLE)], [False] * 3, id="a field that never came"),
        pytest.param(
            PHASED,
            [(0, SINGLE), (1, FINE), (2, LOW), (13, LOW)],
            [False, True, True, False],
            id="it works once the field comes",
        ),
        pytest.param(
            PHASED,
            [(0, FINE), (5, SINGLE), (10, SINGLE), (14.9, SINGLE), (15, TICK), (16, SINGLE), (17, FINE)],
            [True, True, True, True, False, False, True],
            id="a field that vanished, by time alone",
        ),
        pytest.param(PHASED, [(0, FINE), (10, SINGLE), (14, FINE), (28, SINGLE)], [True] * 4, id="a short gap is none"),
        pytest.param(
            replace(PHASED, min_on_s=600, min_off_s=600),
            [(0, FINE), (10, SINGLE), (20, SINGLE), (21, FINE)],
            [True, True, False, True],
            id="starts no minimum time and waits for none",
        ),
        pytest.param(
            replace(PHASED, on_delay_s=10),
            [(0, FINE), (9, SINGLE), (10, SINGLE), (11, FINE), (20, FINE), (21, FINE)],
            [False] * 5 + [True],
            id="nothing goes on while its off_when is unknown",
        ),
        pytest.param(
            replace(PHASED, on_when=parse_condition("actual_tariff = 2")),
            [(0, net(0, actual_tariff=2, l2_voltage=230.0)), (10, LOW), (20, LOW)],
            [True, False, False],
            id="off_when still counts while only on_when is unknown",
        ),
        pytest.param(
            replace(PHASED, on_stale=OnStale.HOLD),
            [(0, FINE), (10, SINGLE), (20, SINGLE), (30, SINGLE)],
            [True] * 4,
            id="hold",
        ),
        pytest.param(
            replace(PHASED, on_stale=OnStale.ON),
            [(0, SINGLE), (1, LOW), (10, SINGLE), (17, SINGLE)],
            [True, False, False, True],
            id="on",
        ),
        pytest.param(PHASED, [(0, SINGLE), (1, by_hand(Mode.ON))], [False, True], id="a person needs no field"),
        pytest.param(
            replace(QUICK, off_when=parse_condition("surplus < 200 W or l2_voltage < 210 V")),
            [(0, SINGLE), (20, SINGLE), (31, net(9000))],
            [True, True, False],
            id="one known alternative is enough",
        ),
        pytest.param(
            QUICK,
            [(0, SUN), (10, Telegram(Reading("home", NOW, 1, {}), FRESH_FOR_S)), (15, TICK)],
            [True, True, False],
            id="surplus needs net_power",
        ),
    ],
)
def test_without_a_field_that_its_rules_need_a_load_is_safe(
    load: Load, moments: list[tuple[float, Event]], expected: list[bool]
) -> None:
    """As without any telegram."""
    assert is_on(load, moments) == expected


def test_a_missing_field_concerns_only_the_loads_that_need_it() -> None:
    """The other one goes on."""
    plant = Plant((replace(PHASED, name="a"), replace(QUICK, name="b")), settle_s=0)
    assert play(plant, [(0, FINE), (10, SINGLE), (20, SINGLE)]) == [{"a", "b"}, {"a", "b"}, {"b"}]


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        pytest.param([(0, SUN), (20, TICK), (21, SUN)], [True, False, True], id="starts no min_off"),
        pytest.param([(0, SUN), (20, SUN)], [True, True], id="a late telegram itself is fresh"),
    ],
)
def test_the_safe_state_starts_no_minimum_time(moments: list[tuple[float, Event]], expected: list[bool]) -> None:
    """And overrides min_on."""
    assert is_on(replace(QUICK, min_on_s=600, min_off_s=600), moments) == expected


@pytest.mark.parametrize(
    ("load", "moments", "expected"),
    [
        pytest.param(BOILER, [(0, by_hand(Mode.ON)), (3599, TICK), (3600, TICK)], [True, True, False], id="without a meter"),
        pytest.param(BOILER, [(0, by_hand(Mode.ON)), (100, by_hand(Mode.AUTO))], [True, False], id="ended by AUTO"),
        pytest.param(
            BOILER,
            [(0, by_hand(Mode.ON)), (3000, by_hand(Mode.ON)), (3600, TICK), (6600, TICK)],
            [True, True, True, False],
            id="once more",
        ),
        pytest.param(LAMP, [(0, by_hand(Mode.ON, "lamp")), (5, SUN), (3600, TICK)], [True, True, False], id="without rules"),
        pytest.param(
            replace(QUICK, min_on_s=600),
            [(0, SUN), (5, by_hand(Mode.OFF)), (10, SUN), (15, by_hand(Mode.AUTO)), (16, SUN)],
            [True, False, False, False, True],
            id="min_on does not hold it, then the rules have it again",
        ),
        pytest.param(
            replace(QUICK, min_off_s=600),
            [(0, net(0)), (5, by_hand(Mode.ON)), (10, by_hand(Mode.AUTO)), (12, SUN)],
            [False, True, False, True],
            id="starts no min_off",
        ),
        pytest.param(
            QUICK,
            [(0, by_hand(Mode.ON)), (10, net(9000)), (20, net(9000)), (30, by_hand(Mode.AUTO))],
            [True, True, True, False],
            id="rules cannot",
        ),
        pytest.param(
            replace(QUICK, on_stale=OnStale.ON),
            [(0, by_hand(Mode.OFF)), (100, TICK), (3600, TICK)],
            [False, False, True],
            id="the safe state waits for the end of the choice",
        ),
    ],
)
def test_a_person_comes_first(load: Load, moments: list[tuple[float, Event]], expected: list[bool]) -> None:
    """At once, whatever the rules say, until manual_timeout or AUTO."""
    assert is_on(load, moments) == expected


@pytest.mark.parametrize(
    ("load", "moments", "expected"),
    [
        pytest.param(
            QUICK,
            [(0, by_hand(Mode.OFF)), (10, SUN), (11, by_hand(Mode.AUTO)), (12, TICK), (13, SUN)],
            [False, False, False, False, True],
            id="AUTO: on by the next telegram",
        ),
        pytest.param(
            replace(QUICK, manual_timeout_s=10),
            [(0, by_hand(Mode.OFF)), (5, SUN), (10, TICK), (11, SUN)],
            [False, False, False, True],
            id="manual_timeout: on by the next telegram",
        ),
        pytest.param(
            replace(QUICK, manual_timeout_s=10),
            [(0, by_hand(Mode.OFF)), (5, SUN), (10, SUN)],
            [False, False, True],
            id="a telegram at that very moment is the next one",
        ),
        pytest.param(
            BOILER,
            [(0, by_hand(Mode.OFF)), (5, SUN), (15, SUN), (24, by_hand(Mode.AUTO)), (24.9, SUN), (25, SUN)],
            [False] * 5 + [True],
            id="on_delay counts from before",
        ),
        pytest.param(
            replace(QUICK, min_off_s=40),
            [(0, SUN), (10, net(9000)), (12, by_hand(Mode.ON)), (14, by_hand(Mode.AUTO)), (25, SUN), (39, SUN), (50, SUN)],
            [True, False, True, False, False, False, True],
            id="the rules' own min_off counts from before",
        ),
        pytest.param(
            QUICK,
            [(0, by_hand(Mode.ON)), (10, SUN), (11, by_hand(Mode.AUTO)), (12, SUN)],
            [True] * 4,
            id="on stays on if the rules want it so",
        ),
        pytest.param(
            QUICK,
            [(0, SUN), (1, by_hand(Mode.OFF)), (20, TICK), (21, by_hand(Mode.AUTO)), (22, SUN)],
            [True, False, False, False, True],
            id="off without fresh telegrams",
        ),
        pytest.param(
            replace(QUICK, on_stale=OnStale.HOLD),
            [(0, SUN), (5, by_hand(Mode.OFF)), (100, TICK), (3605, TICK), (3606, SUN)],
            [True, False, False, False, True],
            id="hold: off is held",
        ),
        pytest.param(
            replace(QUICK, on_stale=OnStale.HOLD),
            [(0, SUN), (5, by_hand(Mode.ON)), (100, TICK), (3605, TICK)],
            [True] * 4,
            id="hold: on is held if the rules had it on",
        ),
        pytest.param(
            replace(QUICK, on_stale=OnStale.ON),
            [(0, SUN), (5, by_hand(Mode.OFF)), (20, by_hand(Mode.AUTO))],
            [True, False, True],
            id="safe on, and nothing fresh: at once",
        ),
        pytest.param(
            replace(QUICK, on_stale=OnStale.ON),
            [(0, by_hand(Mode.OFF)), (5, SUN), (10, by_hand(Mode.AUTO)), (19.9, TICK), (20, TICK)],
            [False] * 4 + [True],
            id="safe on, but it knows something fresh: when that is old",
        ),
        pytest.param(
            replace(PHASED, on_stale=OnStale.ON),
            [(0, FINE), (5, SINGLE), (6, by_hand(Mode.OFF)), (15, SINGLE), (16, by_hand(Mode.AUTO))],
            [True, True, False, False, True],
            id="safe on, and a field is missing: at once",
        ),
        pytest.param(
            replace(LAMP, on_stale=OnStale.ON),
            [(0, TICK), (1, by_hand(Mode.OFF, "lamp")), (2, SUN), (3, by_hand(Mode.AUTO, "lamp"))],
            [True, False, False, True],
            id="safe on, without rules: at once",
        ),
    ],
)
def test_a_choice_ends_in_off_and_the_rules_switch_on(
    load: Load, moments: list[tuple[float, Event]], expected: list[bool]
) -> None:
    """What is off stays off until a telegram; only a load that is safe on and knows nothing fresh goes on at once."""
    assert is_on(load, moments) == expected


# Three loads that act at once: a is the most important one.
A, B, C = (replace(QUICK, name=name, priority=number, power_w=1000) for number, name in enumerate("abc", start=1))
ABC = Plant((A, B, C), settle_s=10)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        pytest.param(
            [(0, net(-9000)), (9, net(-8000)), (10, net(-8000)), (20, net(-7000))],
            [{"a"}, {"a"}, {"a", "b"}, {"a", "b", "c"}],
            id="on by priority",
        ),
        pytest.param(
            [
                (0, net(-9000)),
                (10, net(-9000)),
                (20, net(-9000)),
                (30, net(5000)),
                (39, net(5000)),
                (40, net(5000)),
                (50, net(5000)),
            ],
            [{"a"}, {"a", "b"}, {"a", "b", "c"}, {"a", "b"}, {"a", "b"}, {"a"}, set()],
            id="off in reverse",
        ),
        pytest.param(
            # c goes off for itself at 1,000 W; b counts c's power as its own and stays.
            [(0, net(-9000)), (10, net(-9000)), (20, net(-9000)), (30, net(900))],
            [{"a"}, {"a", "b"}, {"a", "b", "c"}, {"a", "b"}],
            id="surplus counts loads of lower priority",
        ),
        pytest.param(
            [(0, by_hand(Mode.ON, "c")), (1, net(-600)), (2, net(-600))],
            [{"c"}, {"a", "c"}, {"a", "c"}],
            id="also those on by hand",
        ),
        pytest.param(
            [(0, net(-9000)), (1, by_hand(Mode.ON, "b")), (2, by_hand(Mode.OFF, "a")), (10, net(-9000))],
            [{"a"}, {"a", "b"}, {"b"}, {"b", "c"}],
            id="a person neither waits nor makes wait",
        ),
        pytest.param(
            [
                (0, net(-9000)),
                (1, by_hand(Mode.OFF, "a")),
                (10, net(-9000)),
                (11, by_hand(Mode.AUTO, "a")),
                (12, net(-9000)),
                (20, net(-9000)),
            ],
            [{"a"}, set(), {"b"}, {"b"}, {"b"}, {"a", "b"}],
            id="after a choice a load waits its turn",
        ),
        pytest.param(
            [(0, net(-9000)), (10, net(-9000)), (25, TICK), (26, net(-9000))],
            [{"a"}, {"a", "b"}, set(), {"a"}],
            id="all safe at once, and nothing settles after it",
        ),
    ],
)
def test_loads_take_turns(moments: list[tuple[float, Event]], expected: list[set[str]]) -> None:
    """At most one automatic switch per `settle`, so that its effect is seen."""
    assert play(ABC, moments) == expected


def test_a_load_that_may_not_go_off_yet_is_passed_over() -> None:
    """Then the next one goes off."""
    plant = Plant((A, replace(B, min_on_s=600)), settle_s=0)
    assert play(plant, [(0, net(-9000)), (10, net(9000))]) == [{"a", "b"}, {"b"}]


def test_a_load_in_shadow_mode_is_decided_but_never_switched() -> None:
    """Its power is not on the meter, so it does not count as its own, and it makes no other load wait."""
    shadow = replace(A, shadow=True)
    plant = Plant((shadow, B), settle_s=10)
    state, switches = decide(plant, initial(plant), net(-1600), 0)
    assert (on(state), switches) == ({"a", "b"}, (Switch("b", on=True),))
    assert state.values("a")("surplus") == 1600
    state, switches = decide(plant, state, net(-100), 10)
    assert state.values("a")("surplus") == 1100  # b's 1,000 W, not its own
    state, switches = decide(plant, state, Command("a", Mode.OFF), 11)
    assert (on(state), switches) == ({"b"}, ())


def test_at_stop_everything_is_safe_and_no_choice_lasts() -> None:
    """`hold` means off then."""
    loads = (replace(A, on_stale=OnStale.HOLD), replace(B, on_stale=OnStale.ON), C)
    plant = Plant(loads, settle_s=0)
    state, _ = decide(plant, initial(plant), net(-9000), 0)
    state, _ = decide(plant, state, Command("b", Mode.OFF), 1)
    assert on(state) == {"a", "c"}
    state = stopped(plant)
    assert on(state) == {"b"}
    assert {one.mode for one in state.loads.values()} == {Mode.AUTO}


@pytest.mark.parametrize(
    ("moments", "expected_s"),
    [
        pytest.param([], inf, id="nothing is due at start"),
        pytest.param([(5, SUN)], 20, id="telegrams get old"),
        pytest.param([(5, SUN), (20, TICK)], inf, id="only once"),
        pytest.param(
            [(5, SUN), (10, Telegram(Reading("home", NOW, 1, {}), FRESH_FOR_S))], 20, id="a field is missing too long"
        ),
        pytest.param([(5, by_hand(Mode.ON))], 3605, id="a choice ends"),
        pytest.param([(5, by_hand(Mode.ON)), (3600, SUN)], 3605, id="the first of both"),
        pytest.param([(5, by_hand(Mode.ON)), (6, by_hand(Mode.AUTO))], inf, id="AUTO does not end"),
    ],
)
def test_the_next_thing_that_time_does_is_known(moments: list[tuple[float, Event]], expected_s: float) -> None:
    """The shell sleeps until then."""
    plant = Plant((BOILER,))
    state = initial(plant)
    for now_s, event in moments:
        state, _ = decide(plant, state, event, now_s)
    assert next_due_s(state) == expected_s


EVENTS = st.one_of(
    st.integers(-6000, 6000).map(net),
    st.just(Telegram(Reading("home", NOW, 1, {}), FRESH_FOR_S)),
    st.builds(Command, st.sampled_from("abc"), st.sampled_from(Mode)),
    st.just(TICK),
)
LOADS = [
    replace(BOILER, name=name, priority=number, on_stale=on_stale, on_delay_s=3, off_delay_s=2, min_on_s=30, min_off_s=20)
    for number, (name, on_stale) in enumerate(zip("abc", OnStale, strict=True))
]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), EVENTS), max_size=80), st.sampled_from([0.0, 10.0]))
def test_whatever_happens_nothing_flaps_and_nobody_is_overruled(story: list[tuple[int, Event]], settle_s: float) -> None:
    """Minimum times and settling hold for the rules, the safe state holds without telegrams, a person holds always."""
    plant = Plant(tuple(LOADS), settle_s)
    state, now_s = initial(plant), 0.0
    ruled: dict[str, tuple[float, bool]] = {}
    last_ruled_s, last_telegram_s = -inf, -inf
    chosen: dict[str, tuple[float, bool]] = {}
    for pause_s, event in story:
        now_s += pause_s
        before = state
        state, switches = decide(plant, state, event, now_s)
        chosen = {name: choice for name, choice in chosen.items() if now_s < choice[0]}
        if isinstance(event, Command):
            chosen.pop(event.load, None)
            if event.mode is not Mode.AUTO:
                chosen[event.load] = (now_s + 3600, event.mode is Mode.ON)
        elif event is not None and "net_power" in event.reading.fields:
            last_telegram_s = now_s
        assert all(state.loads[name].on == wanted for name, (_, wanted) in chosen.items())
        if now_s - last_telegram_s >= FRESH_FOR_S:
            assert not state.loads["a"].auto_on
            assert state.loads["b"].auto_on
        for switch in switches:
            if switch.on and switch.load not in chosen and not isinstance(event, Telegram):
                assert (switch.load, now_s - last_telegram_s >= FRESH_FOR_S) == ("b", True)
            by_rules = (
                isinstance(event, Telegram)
                and not before.loads[switch.load].is_blind(now_s)
                and before.last is not None
                and now_s < before.last.fresh_until_s
                and before.loads[switch.load].mode is state.loads[switch.load].mode is Mode.AUTO
            )
            if not by_rules:
                continue
            assert now_s - last_ruled_s >= settle_s
            last_ruled_s = now_s
            if switch.load in ruled and ruled[switch.load][1] != switch.on:
                assert now_s - ruled[switch.load][0] >= (20 if switch.on else 30)
            ruled[switch.load] = (now_s, switch.on)
