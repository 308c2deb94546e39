"""The check of a switch's effect: tables by situation, and what holds whatever happens.

A situation is a row of moments in seconds: our commands, and what the household draws more (or less) from then on. Whether a
command has an effect is said by the row, so that a broken relay is a row like any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.payload import Reading
from relay_controller.switch_check import Learned, SwitchCheck

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PHASES = ("L1", "L2", "L3")
BOILER_ON_L2 = {"boiler": Learned(1980.0, "L2")}
SATISFIED = "thermostat satisfied: draws nothing"


@dataclass(frozen=True)
class Draws:
    """From now on the household draws so many watts more on these phases."""

    l1: float = 0.0
    l2: float = 0.0
    l3: float = 0.0


@dataclass(frozen=True)
class Turn:
    """We send a command."""

    on: bool
    load: str = "boiler"


@dataclass(frozen=True)
class Told:
    """The relay tells its state."""

    on: bool


@dataclass(frozen=True)
class Meter:
    """A meter; `noise_w` goes up and down on L1, and nothing comes in the seconds of `silent`."""

    interval_s: int = 1
    base_w: tuple[float, float, float] = (300.0, 200.0, 100.0)
    noise_w: float = 0.0
    silent: range = range(0)
    without: frozenset[str] = field(default_factory=frozenset)  # fields, or the first letters of fields


ON, OFF = Turn(on=True), Turn(on=False)
STARTS, ENDS = Draws(l2=1980), Draws(l2=-1980)
Moments = Sequence[tuple[float, Draws | Turn | Told]]


def telegram(powers_w: Sequence[float], meter: Meter) -> Reading:
    """Give what a meter sends while each phase draws its net power."""
    fields: dict[str, object] = {"net_power": round(sum(powers_w))}
    for phase, power_w in zip(PHASES, powers_w, strict=True):
        fields[f"actual_{phase.lower()}_consumption"] = max(power_w, 0.0) / 1000
        fields[f"actual_{phase.lower()}_injection"] = max(-power_w, 0.0) / 1000
    return Reading("home", NOW, 1, {name: value for name, value in fields.items() if not name.startswith(tuple(meter.without))})


def play(check: SwitchCheck, moments: Moments, until_s: int, meter: Meter) -> list[str]:
    """Give the boiler's remarks one after the other, the first one before anything happened."""
    remarks, due, powers_w = [check.remark("boiler")], list(moments), list(meter.base_w)
    for second in range(until_s):
        while due and due[0][0] < second:
            at_s, what = due.pop(0)
            if isinstance(what, Draws):
                powers_w = [old + new for old, new in zip(powers_w, (what.l1, what.l2, what.l3), strict=True)]
            elif isinstance(what, Told):
                check.confirmed("boiler", on=what.on)
            else:
                check.switched(what.load, on=what.on, now_s=at_s)
            remarks.append(check.remark("boiler"))
        if second % meter.interval_s == 0 and second not in meter.silent:
            noise_w = meter.noise_w * (1, -1, 0, 1, -1, -1, 1)[second % 7]
            check.saw(telegram([powers_w[0] + noise_w, *powers_w[1:]], meter), float(second))
            remarks.append(check.remark("boiler"))
    return [remarks[0], *(new for old, new in pairwise(remarks) if new != old)]


def remarks_of(
    moments: Moments,
    meter: Meter | None = None,
    power_w: float | None = 2000.0,
    learned: Mapping[str, Learned] | None = None,
) -> list[str]:
    """Give the boiler's remarks, "" at first left out; a pump is there too."""
    check = SwitchCheck({"boiler": power_w, "pump": 800.0}, learned or {})
    return play(check, moments, 400, meter or Meter())[1:]


def learned_by(moments: Moments, meter: Meter | None = None, learned: Mapping[str, Learned] | None = None) -> Learned | None:
    """Give what is known about the boiler after the moments."""
    check = SwitchCheck({"boiler": None}, learned or {})
    play(check, moments, 400, meter or Meter())
    return check.learned().get("boiler")


@pytest.mark.parametrize("interval_s", [1, 2, 3, 5, 10])
@pytest.mark.parametrize(
    ("moments", "learned", "expected"),
    [
        pytest.param([(60.5, ON), (60.9, STARTS)], {}, ["draws 1,980 W on L2"], id="draws"),
        pytest.param([(60.5, ON)], {}, ["did not switch: net power changed by 0 W, expected 2,000 W"], id="did not switch"),
        pytest.param([(60.5, ON)], BOILER_ON_L2, [SATISFIED], id="drew before: the thermostat"),
        pytest.param([(60.5, ON), (61, Told(on=True))], {}, [SATISFIED], id="the relay is surely on: the thermostat"),
        pytest.param(
            [(60.5, ON), (61, Told(on=True)), (61.5, Told(on=False))],
            {},
            ["did not switch: net power changed by 0 W, expected 2,000 W"],
            id="the relay went off again",
        ),
        pytest.param(
            [(60.5, ON), (90, Told(on=True))],
            {},
            ["did not switch: net power changed by 0 W, expected 2,000 W", SATISFIED],
            id="the relay tells late",
        ),
        pytest.param(
            [(60.5, ON), (60.9, STARTS), (100.5, OFF), (100.9, ENDS)], {}, ["draws 1,980 W on L2", ""], id="off, and it is"
        ),
        pytest.param(
            [(60.5, ON), (60.9, STARTS), (100.5, OFF)],
            {},
            ["draws 1,980 W on L2", "", "welded: net power did not fall (0 W of 1,980 W)"],
            id="welded",
        ),
        pytest.param([(60.5, ON), (100.5, OFF)], BOILER_ON_L2, [SATISFIED, ""], id="off while satisfied"),
        pytest.param(
            [(60.5, ON), (61, Told(on=True)), (100.5, OFF), (150.5, ON)],
            {},
            [SATISFIED, "", "did not switch: net power changed by 0 W, expected 2,000 W"],
            id="what the relay told last time is over",
        ),
        pytest.param([(60.5, OFF)], BOILER_ON_L2, [], id="off at start: what it drew is not known"),
        pytest.param(
            [(60.5, ON), (60.9, STARTS), (150.5, ENDS), (250.5, STARTS)],
            {},
            ["draws 1,980 W on L2", SATISFIED, "draws 1,980 W on L2"],
            id="the thermostat ends it and begins again",
        ),
    ],
)
def test_each_switch_gets_its_verdict(
    interval_s: int, moments: Moments, learned: Mapping[str, Learned], expected: list[str]
) -> None:
    """Fast and slow meters tell the same; a remark changes only where something happened."""
    assert remarks_of(moments, Meter(interval_s), learned=learned) == expected


@pytest.mark.parametrize(
    ("moments", "power_w", "expected"),
    [
        pytest.param([(60.5, ON), (61, Draws(l2=900))], None, ["draws 900 W on L2"], id="any power from 100 W on draws"),
        pytest.param(
            [(60.5, ON), (61, Draws(l2=60))],
            None,
            ["did not switch: net power changed by 60 W, expected 100 W or more"],
            id="less does not",
        ),
        pytest.param([(60.5, ON), (61, Draws(l2=1000))], 2000, ["draws 1,000 W on L2"], id="half of it counts"),
        pytest.param(
            [(60.5, ON), (61, Draws(l2=990))],
            2000,
            ["did not switch: net power changed by 990 W, expected 2,000 W"],
            id="less than half does not",
        ),
        pytest.param(
            [(60.5, ON), (61, Draws(l2=-1500))],
            2000,
            ["did not switch: net power changed by -1,500 W, expected 2,000 W"],
            id="the wrong direction",
        ),
        pytest.param(
            [(60.5, ON), (61, Draws(l2=1100)), (100.5, OFF), (101, Draws(l2=-950))],
            2000,
            ["draws 1,100 W on L2", ""],
            id="what it really drew is what must end",
        ),
        pytest.param([(60.5, ON), (61, Draws(l2=40))], 60, [], id="a lamp is too small to be seen"),
        pytest.param([(60.5, ON), (61, Draws(l2=60_000))], None, [], id="no load draws 60 kW"),
    ],
)
def test_a_step_counts_from_half_of_what_is_expected(moments: Moments, power_w: float | None, expected: list[str]) -> None:
    """Expected is what is configured or was learned, whichever is less."""
    assert remarks_of(moments, power_w=power_w) == expected


@pytest.mark.parametrize(
    ("draws", "meter", "expected"),
    [
        pytest.param(STARTS, Meter(), Learned(1980.0, "L2"), id="one phase"),
        pytest.param(STARTS, Meter(noise_w=50), Learned(1980.0, "L2"), id="one phase, others restless"),
        pytest.param(Draws(2000, 2000, 2000), Meter(), Learned(6000.0, "L1+L2+L3"), id="three phases"),
        pytest.param(Draws(1000, 1000), Meter(), Learned(2000.0, ""), id="two phases"),
        pytest.param(Draws(1500, 500), Meter(), Learned(2000.0, ""), id="mostly on one"),
        pytest.param(Draws(900, 900, 200), Meter(), Learned(2000.0, ""), id="two phases and a little"),
        pytest.param(STARTS, Meter(base_w=(300, -900, 100)), Learned(1980.0, "L2"), id="from injection to consumption"),
        pytest.param(STARTS, Meter(base_w=(-900, -2500, 0)), Learned(1980.0, "L2"), id="all is injected"),
        pytest.param(STARTS, Meter(without=frozenset({"actual_l"})), Learned(1980.0, ""), id="no phases"),
        pytest.param(
            Draws(l1=1980), Meter(without=frozenset({"actual_l2", "actual_l3"})), Learned(1980.0, "L1"), id="one-phase meter"
        ),
        pytest.param(
            STARTS,
            Meter(without=frozenset({f"actual_l{n}_injection" for n in (1, 2, 3)})),
            Learned(1980.0, "L2"),
            id="a meter that knows no injection",
        ),
        pytest.param(STARTS, Meter(without=frozenset({"net_power"})), None, id="no net power"),
    ],
)
def test_power_and_phase_are_learned(draws: Draws, meter: Meter, expected: Learned | None) -> None:
    """The phase is the one that carries the step, or all three."""
    learned = learned_by([(60.5, ON), (61, draws)], meter)
    assert (learned and Learned(round(learned.power_w), learned.phase)) == expected


@pytest.mark.parametrize(
    ("moments", "learned", "expected"),
    [
        pytest.param([(60.5, ON), (61, Draws(l2=2380))], BOILER_ON_L2, Learned(2080.0, "L2"), id="a mean with the next one"),
        pytest.param([(60.5, OFF), (61, ENDS)], {}, Learned(1980.0, "L2"), id="what ends is as good"),
        pytest.param(
            [(60.5, ON), (100.5, OFF), (101, Draws(l2=-2380))],
            BOILER_ON_L2,
            Learned(1980.0, "L2"),
            id="not what was not its own",
        ),
        pytest.param(
            [(60.5, ON), (61, Draws(3000, 3000))],
            {"boiler": Learned(6000.0, "L1+L2+L3")},
            Learned(6000.0, "L1+L2+L3"),
            id="a phase that cannot be told is not forgotten",
        ),
        pytest.param([(60.5, ON), (100.5, OFF)], BOILER_ON_L2, Learned(1980.0, "L2"), id="kept while satisfied"),
        pytest.param([(60.5, ON), (61, Draws(l1=1980))], BOILER_ON_L2, Learned(1980.0, "L2"), id="elsewhere once: a kettle"),
        pytest.param(
            [(60.5, ON), (61, Draws(l1=1980)), (100.5, OFF), (101, Draws(l1=-1980))],
            BOILER_ON_L2,
            Learned(1980.0, "L1"),
            id="elsewhere twice in a row: it moved",
        ),
        pytest.param(
            [(60.5, ON), (61, Draws(l1=1980)), (100.5, OFF), (101, Draws(l3=-1980))],
            BOILER_ON_L2,
            Learned(1980.0, "L2"),
            id="elsewhere twice, at two places",
        ),
        pytest.param(
            [(60.5, ON), (61, Draws(l1=1980)), (100.5, OFF), (150.5, ON), (151, Draws(l1=1980))],
            BOILER_ON_L2,
            Learned(1980.0, "L2"),
            id="elsewhere twice, not in a row: kettles",
        ),
        pytest.param(
            [(60.5, ON), (61, STARTS), (100.5, OFF), (101, ENDS)],
            {"boiler": Learned(5000.0, "L2")},
            Learned(1980.0, "L2"),
            id="a first observation that was far too large",
        ),
        pytest.param([], {"cellar": Learned(60.0, "L1")}, None, id="a load that is gone"),
    ],
)
def test_what_is_learned_follows_the_load(moments: Moments, learned: Mapping[str, Learned], expected: Learned | None) -> None:
    """One disturbed observation fades, and a load that changed is learned anew."""
    assert learned_by(moments, learned=learned) == expected


KETTLE_ON_L1 = Draws(l1=2200)


@pytest.mark.parametrize(
    ("moments", "meter", "learned", "expected"),
    [
        pytest.param([(60.5, ON), (61, KETTLE_ON_L1)], Meter(), BOILER_ON_L2, [SATISFIED], id="on, kettle starts elsewhere"),
        pytest.param(
            [(50, KETTLE_ON_L1), (60.5, ON), (61, STARTS), (62, Draws(l1=-2200))],
            Meter(),
            BOILER_ON_L2,
            ["draws 1,980 W on L2"],
            id="on, kettle ends elsewhere",
        ),
        pytest.param(
            [(60.5, ON), (61, STARTS), (100.5, OFF), (101, ENDS), (102, KETTLE_ON_L1)],
            Meter(),
            BOILER_ON_L2,
            ["draws 1,980 W on L2", ""],
            id="off, kettle starts elsewhere",
        ),
        pytest.param(
            [(60.5, ON), (61, STARTS), (99, KETTLE_ON_L1), (100.5, OFF), (101, Draws(l1=-2200))],
            Meter(),
            BOILER_ON_L2,
            ["draws 1,980 W on L2", "", "welded: net power did not fall (0 W of 1,980 W)"],
            id="welded, kettle ends elsewhere",
        ),
        pytest.param([(60.5, ON), (61, STARTS), (64.5, KETTLE_ON_L1)], Meter(), {}, [], id="phase unknown: cannot be told"),
        pytest.param(
            [(60.5, ON), (61, STARTS), (150.5, Draws(l1=-2000)), (200.5, Draws(l3=2000))],
            Meter(),
            {},
            ["draws 1,980 W on L2"],
            id="the same power elsewhere is not its thermostat",
        ),
        pytest.param(
            [(60.5, ON), (61, STARTS), (150.5, Draws(l2=-1400)), (200.5, Draws(l2=1400))],
            Meter(),
            {},
            ["draws 1,980 W on L2"],
            id="another power is not its thermostat",
        ),
        pytest.param(
            [(60.5, ON), (61, Draws(2000, 2000, 2000)), (100.5, Draws(-2000, -2000, -2000))],
            Meter(),
            {},
            ["draws 6,000 W on L1+L2+L3", SATISFIED],
            id="a thermostat on three phases",
        ),
        pytest.param(
            [(60.5, ON), (61, STARTS), (100.5, Draws(l2=-900)), (101.5, Draws(l2=-1080))],
            Meter(),
            {},
            ["draws 1,980 W on L2", SATISFIED],
            id="a change within a second is spread over two telegrams",
        ),
        pytest.param([(60.5, ON)], Meter(noise_w=50), BOILER_ON_L2, [SATISFIED], id="noise elsewhere"),
        pytest.param(
            [(60.5, ON), (61, STARTS), (300.5, OFF)],
            Meter(noise_w=50, without=frozenset({"actual_l"})),
            {},
            ["draws 1,930 W", "", "welded: net power did not fall (-50 W of 1,930 W)"],
            id="noise in all that is known",
        ),
        pytest.param([(60.5, ON), (61, STARTS)], Meter(without=frozenset({"net_power"})), {}, [], id="no net power"),
    ],
)
def test_other_appliances_do_not_disturb(
    moments: Moments, meter: Meter, learned: Mapping[str, Learned], expected: list[str]
) -> None:
    """A load is judged by its phase once that is known; where it cannot be told, nothing is said."""
    assert remarks_of(moments, meter, learned=learned) == expected


PUMP_ON = Turn(on=True, load="pump")


@pytest.mark.parametrize(
    ("moments", "meter", "expected"),
    [
        pytest.param([(60.5, ON), (62.5, PUMP_ON)], Meter(), [], id="two switches overlap"),
        pytest.param([(60.5, PUMP_ON), (62.5, ON)], Meter(), [], id="the later one is not told either"),
        pytest.param([(60.5, ON), (61, STARTS), (66.5, PUMP_ON), (67, Draws(l1=800))], Meter(), [], id="a little later too"),
        pytest.param([(60.5, PUMP_ON), (61, Draws(l1=800)), (66.5, ON), (67, STARTS)], Meter(), [], id="the same, reversed"),
        pytest.param([(60.5, PUMP_ON), (60.5, ON)], Meter(), [], id="both at once"),
        pytest.param(
            [(60.5, PUMP_ON), (61, Draws(l1=800)), (70.5, ON), (71, STARTS)],
            Meter(),
            ["draws 1,980 W on L2"],
            id="one after the other",
        ),
        pytest.param(
            [(60.5, PUMP_ON), (61, Draws(l1=800)), (70.5, ON), (71, STARTS)],
            Meter(10),
            ["draws 1,980 W on L2"],
            id="slow meter",
        ),
        pytest.param(
            [(60.5, PUMP_ON), (61, Draws(l1=800)), (69.5, ON), (70, STARTS)],
            Meter(3),
            ["draws 1,980 W on L2"],
            id="what was before the other switch is not used",
        ),
        pytest.param(
            [(55, Draws(l2=1500)), (60.5, ON), (61, STARTS)], Meter(10), ["draws 1,980 W on L2"], id="the nearer of two before"
        ),
        pytest.param(
            [(61.5, ON), (62, STARTS), (67, Draws(l2=1500))], Meter(3), ["draws 1,980 W on L2"], id="the nearer of two after"
        ),
        pytest.param([(60.5, ON), (61, STARTS), (62.5, ON)], Meter(), ["draws 1,980 W on L2"], id="the same once more is none"),
        pytest.param([(60.5, ON), (61, STARTS)], Meter(silent=range(40, 60)), ["draws 1,980 W on L2"], id="a gap long before"),
        pytest.param([(60.5, ON), (61, STARTS)], Meter(silent=range(45, 62)), [], id="nothing just before"),
        pytest.param(
            [(60.5, ON), (61, STARTS)], Meter(silent=range(61, 90)), ["draws 1,980 W on L2"], id="something after 30 s"
        ),
        pytest.param([(60.5, ON), (61, STARTS)], Meter(silent=range(61, 92)), [], id="nothing for 30 s"),
        pytest.param([(0.5, ON), (1, STARTS)], Meter(silent=range(1)), [], id="no telegram yet"),
        pytest.param(
            [(60.5, ON), (61, STARTS), (110.5, ENDS), (150.5, OFF)],
            Meter(silent=range(100, 120)),
            ["draws 1,980 W on L2", ""],
            id="what happened in a gap: not welded",
        ),
        pytest.param(
            [(60.5, ON), (61, STARTS), (150.5, OFF)],
            Meter(silent=range(100, 120)),
            ["draws 1,980 W on L2", "", "welded: net power did not fall (0 W of 1,980 W)"],
            id="nothing happened in a gap",
        ),
    ],
)
def test_what_cannot_be_told_is_not_told(moments: Moments, meter: Meter, expected: list[str]) -> None:
    """Two effects at once, or telegrams missing around a switch, give no verdict."""
    assert remarks_of(moments, meter) == expected


WELDED = "welded: net power did not fall (0 W of 1,980 W)"
WELD: Moments = [(20.5, ON), (21, STARTS), (50.5, OFF)]


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        pytest.param([(80.5, ON), (110.5, OFF)], [WELDED], id="stays while switches have no effect"),
        pytest.param([(60, ENDS), (80, STARTS)], [WELDED], id="stays while its thermostat works"),
        pytest.param([(80.5, ON), (90.5, ENDS), (95.5, STARTS)], [WELDED], id="stays while it is on too"),
        pytest.param([(80.5, ON), (110.5, OFF), (111, ENDS)], [WELDED, ""], id="goes when off ends it"),
        pytest.param([(60, ENDS), (80.5, ON), (81, STARTS)], [WELDED, "draws 1,980 W on L2"], id="goes when on starts it"),
    ],
)
def test_welded_is_said_until_a_switch_has_its_effect(moments: Moments, expected: list[str]) -> None:
    """A contact that stuck once is a warning that a person should see."""
    assert remarks_of([*WELD, *moments])[2:] == expected


def test_power_that_came_back_by_itself_must_stay_twice_to_be_welded() -> None:
    """It may be a kettle on the same phase that was still on when the satisfied boiler was switched off."""
    kettle: Moments = [(20.5, ON), (40.5, STARTS), (50.5, OFF)]
    assert remarks_of(kettle, learned=BOILER_ON_L2) == [SATISFIED, "draws 1,980 W on L2", ""]
    again: Moments = [(150.5, ON), (165, ENDS), (180.5, STARTS), (190.5, OFF)]
    assert remarks_of([*kettle, *again], learned=BOILER_ON_L2)[-2:] == ["", WELDED]
    works: Moments = [(60.5, ENDS), (70.5, ON), (71, STARTS), (90.5, OFF), (91, ENDS), (110.5, STARTS)]
    assert remarks_of([*kettle, *works, *again], learned=BOILER_ON_L2)[-2:] == ["draws 1,980 W on L2", ""]


def test_a_change_that_fits_two_loads_is_nobodys() -> None:
    """Two loads of the same power on the same phase: which one's thermostat it was cannot be told."""
    check = SwitchCheck({"boiler": 2000.0, "heater": 2000.0})
    moments: Moments = [(20.5, ON), (21, STARTS), (40.5, Turn(on=True, load="heater")), (41, STARTS), (100.5, ENDS)]
    assert play(check, moments, 90, Meter()) == ["", "draws 1,980 W on L2"]
    assert check.remark("heater") == "draws 1,980 W on L2"
    check = SwitchCheck({"boiler": 2000.0, "heater": 2000.0})
    assert play(check, moments, 200, Meter()) == ["", "draws 1,980 W on L2", ""]
    assert not check.remark("heater")


def test_the_switch_of_another_load_is_not_its_thermostat() -> None:
    """A relay that takes nearly 3 s is still the reason of the change."""
    check = SwitchCheck({"boiler": 2000.0, "heater": 2000.0})
    moments: Moments = [(20.5, ON), (21, STARTS), (40.5, Turn(on=True, load="heater")), (41, STARTS)]
    moments = [*moments, (100.5, Turn(on=False, load="heater")), (103.2, ENDS)]
    assert play(check, moments, 200, Meter()) == ["", "draws 1,980 W on L2"]


def test_what_was_learned_survives_a_restart() -> None:
    """What one run gives is what the next one takes."""
    before = SwitchCheck({"boiler": None, "pump": 800.0})
    play(before, [(60.5, ON), (61, STARTS)], 100, Meter())
    assert before.learned() == BOILER_ON_L2
    after = SwitchCheck({"boiler": None, "pump": 800.0}, before.learned())
    assert play(after, [(60.5, ON)], 100, Meter()) == ["", SATISFIED]
    assert after.learned() == BOILER_ON_L2


def test_a_clock_that_goes_back_begins_anew() -> None:
    """Readings of another time are not compared with."""
    check = SwitchCheck({"boiler": 2000.0})
    play(check, [(60.5, ON), (61, STARTS)], 63, Meter())
    play(check, [(30.5, OFF), (31, STARTS)], 60, Meter())
    assert not check.remark("boiler")
    assert play(check, [(30.5, ON), (31, STARTS)], 60, Meter())[-1] == "draws 1,980 W on L2"


POWERS = st.one_of(st.floats(-20, 20), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**63))
FIELDS = [f"actual_l{n}_{way}" for n in (1, 2, 3) for way in ("consumption", "injection")]
LIKELY = st.builds(lambda l2_w: telegram((300, l2_w, -100), Meter()), st.sampled_from([0, 2000, 4000]))
HOSTILE = st.builds(
    lambda net_power, fields: Reading("home", NOW, 1, fields | net_power),
    st.one_of(st.just({}), st.fixed_dictionaries({"net_power": POWERS})),
    st.dictionaries(st.sampled_from(FIELDS), POWERS),
)
SECONDS = st.sampled_from([1.0] * 8 + [0.0, 10.0, 20.0, -7.0, 1e9])
# What happens, how many times in a row, and the seconds before each time.
EVENTS = st.one_of(
    st.tuples(LIKELY, st.sampled_from([1, 4, 8]), SECONDS),
    st.tuples(HOSTILE, st.just(1), SECONDS),
    st.tuples(st.builds(Turn, st.booleans(), st.sampled_from(["boiler", "pump"])), st.just(1), st.just(0.5)),
    st.tuples(st.builds(Told, st.booleans()), st.just(1), st.just(0.0)),
)


@given(events=st.lists(EVENTS, max_size=40), power_w=st.sampled_from([None, 0.0, 150.0, 2000.0]))
def test_whatever_happens_it_goes_on_and_keeps_little(
    events: list[tuple[Reading | Turn | Told, int, float]], power_w: float | None
) -> None:
    """No order of telegrams and commands breaks it, and it keeps a handful of telegrams."""
    check, now_s = SwitchCheck({"boiler": power_w, "pump": None}), 0.0
    for event, times, after_s in events:
        for _ in range(times):
            now_s += after_s
            if isinstance(event, Reading):
                check.saw(event, now_s)
            elif isinstance(event, Told):
                check.confirmed("boiler", on=event.on)
            else:
                check.switched(event.load, on=event.on, now_s=now_s)
        pending = check._pending
        assert len(check._samples) + (len(pending.before) + len(pending.after) if pending else 0) <= 15
        assert all(0 < learned.power_w <= 60_000 for learned in check.learned().values())
        assert len(check.remark("boiler")) < 80
