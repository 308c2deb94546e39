"""What outlives a restart: its text, and the state that it becomes."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.timestamps import YEARS
from relay_controller.checked_load import Learned
from relay_controller.conditions import parse_condition
from relay_controller.counters import Counters
from relay_controller.decide import initial
from relay_controller.load import Load, OnStale, Plant
from relay_controller.load_state import LoadState, Mode
from relay_controller.memory import Memory, Remembered, memory_of, recalled
from relay_controller.memory_text import memory_from, text_of
from relay_controller.quarter import Quarter, quarter_at

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)  # the host's clock
NOW_S = 5000.0  # the monotonic clock
LATER_S = 7.0  # the monotonic clock after a restart

BOILER = Load(
    "boiler",
    on_when=parse_condition("surplus > 1500 W"),
    off_when=parse_condition("surplus < 200 W"),
    min_on_s=300,
    min_off_s=600,
    power_w=2000,
)
HEATER = replace(BOILER, name="heater", on_stale=OnStale.ON, power_w=500)
PLANT = Plant((BOILER, HEATER))

QUARTER = quarter_at(NOW.timestamp() + 300, 1.5, 0.25, "2026-06", 2.75)
ONE = Remembered(
    day=date(2026, 6, 1),
    starts=3,
    on_s=1234.5,
    due_at_s=1_780_372_800.0,
    guaranteed_s=99.25,
    has_begun=True,
    chosen_on=False,
    chosen_at=datetime(2026, 6, 1, 11, 59, 58, 123456, tzinfo=UTC),
    learned=Learned(1980.5, "L2"),
)
LOW_ENDED_S = 1_780_290_000.0  # 07:00 in Brussels
MEMORY = Memory({"boiler": ONE, "heater": Remembered()}, QUARTER, low_began_s=LOW_ENDED_S - 32_400, low_ended_s=LOW_ENDED_S)

# The text.

NUMBERS = st.floats(0, 1e12)
MOMENTS = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=11, minutes=30))])
)
ONES = st.builds(
    Remembered,
    day=st.none() | st.dates(date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)),
    starts=st.integers(0, 10**12),
    on_s=NUMBERS,
    due_at_s=st.none() | NUMBERS,
    guaranteed_s=NUMBERS,
    has_begun=st.booleans(),
    chosen_on=st.none() | st.booleans(),
    chosen_at=st.none() | MOMENTS,
    learned=st.none() | st.builds(Learned, NUMBERS, st.sampled_from(["", "L1", "L2", "L3", "L1+L2+L3"])),
)
QUARTERS = st.builds(
    quarter_at,
    st.floats(0, 1e11),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.from_regex(r"[0-9]{4}-[0-9]{2}", fullmatch=True, alphabet=st.characters(codec="ascii")),
    st.floats(0, 1e6),
    is_whole=st.booleans(),
)
MEMORIES = st.builds(
    Memory,
    st.dictionaries(st.text(), ONES, max_size=5),
    st.none() | QUARTERS,
    st.none() | st.integers(0, 10**12),
    st.none() | NUMBERS,
)


def test_the_text_is_an_object_that_a_person_can_read() -> None:
    """One value a line, times as ISO 8601."""
    assert text_of(
        Memory({"boiler": ONE}, QUARTER, low_began_s=LOW_ENDED_S - 32_400, low_ended_s=LOW_ENDED_S)
    ).splitlines() == [
        "{",
        ' "version": 1,',
        ' "loads": {',
        '  "boiler": {',
        '   "day": "2026-06-01",',
        '   "starts": 3,',
        '   "on_s": 1234.5,',
        '   "due_at_s": 1780372800.0,',
        '   "guaranteed_s": 99.25,',
        '   "has_begun": true,',
        '   "chosen_on": false,',
        '   "chosen_at": "2026-06-01T11:59:58.123456+00:00",',
        '   "learned": {',
        '    "power_w": 1980.5,',
        '    "phase": "L2"',
        "   }",
        "  }",
        " },",
        ' "quarter": {',
        '  "at_s": 1780315500.0,',
        '  "import_kw": 1.5,',
        '  "demand_kw": 0.25,',
        '  "month": "2026-06",',
        '  "month_peak_kw": 2.75,',
        '  "is_whole": true',
        " },",
        ' "shed_in": null,',
        ' "low_began_s": 1780257600.0,',
        ' "low_ended_s": 1780290000.0',
        "}",
    ]


@given(MEMORIES)
def test_what_is_written_is_read_again(memory: Memory) -> None:
    """To the last bit of a number, and with any name of a load."""
    assert memory_from(text_of(memory)) == memory


def test_a_text_from_before_the_low_tariff_was_seen_to_end_is_read() -> None:
    """Another end is seen within a day."""
    whole = json.loads(text_of(MEMORY))
    del whole["low_ended_s"]
    assert memory_from(json.dumps(whole)) == replace(MEMORY, low_ended_s=None)


def test_nothing_is_a_memory_too() -> None:
    """Of a plant that knows nothing yet."""
    assert memory_from(text_of(Memory())) == Memory()


def test_a_text_that_is_cut_is_the_whole_or_refused() -> None:
    """At each of its bytes; only the end of the last line may be missing."""
    text = text_of(MEMORY)
    read = []
    for length in range(len(text)):
        try:
            read.append((length, memory_from(text[:length])))
        except ValueError:
            continue
    assert read == [(len(text) - 1, MEMORY)]


@given(MEMORIES, st.data())
def test_a_text_that_is_cut_or_has_holes_ends_in_a_memory_or_a_value_error(memory: Memory, data: st.DataObject) -> None:
    """Blocks of an SD card may be lost or full of zeros: never another exception."""
    text = text_of(memory)
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    for torn in (text[:begin], text[:begin] + text[end:], text[:begin] + "\0" * (end - begin) + text[end:]):
        if torn.rstrip() != text.rstrip():
            read_or_refuse(torn)


@given(st.text() | st.text('[]{}",:0123456789.eE+-truefalsn \\u').map(lambda text: f'{{"version":1,"loads":{text}}}'))
def test_any_text_ends_in_a_memory_or_a_value_error(text: str) -> None:
    """Whatever somebody wrote into the file."""
    read_or_refuse(text)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**308, 10**320)
    | st.floats()
    | st.text()
    | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PLACES = [
    *(("loads", "boiler", key) for key in (*json.loads(text_of(MEMORY))["loads"]["boiler"],)),
    *(("loads", "boiler", "learned", key) for key in ("power_w", "phase")),
    *(("quarter", key) for key in json.loads(text_of(MEMORY))["quarter"]),
    ("quarter", "month"),
    *(("loads", "boiler"), ("loads",), ("quarter",), ("shed_in",), ("low_ended_s",), ("version",)),
]


def with_value(place: tuple[str | int, ...], value: object) -> str:
    """Give the text of a memory in which one value is another one."""
    whole = json.loads(text_of(MEMORY))
    inner = whole
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return json.dumps(whole)


@given(st.sampled_from(PLACES), JSON)
def test_any_value_in_the_place_of_ours_is_refused_or_does_no_harm(place: tuple[str | int, ...], value: object) -> None:
    """What is read becomes a state, and that can be kept again: a strange file must not stop the service later either."""
    memory = read_or_refuse(with_value(place, value))
    if memory is not None:
        state = recalled(PLANT, memory, LATER_S, NOW)
        again = memory_of(state, {}, LATER_S + 1, NOW + timedelta(seconds=1))
        assert memory_from(text_of(again)) == again


def read_or_refuse(text: str) -> Memory | None:
    """Read a text; None if it is refused as it should be."""
    try:
        return memory_from(text)
    except ValueError:
        return None


LOAD, LEARNED, OF_QUARTER = ("loads", "boiler"), ("loads", "boiler", "learned"), ("quarter",)
WRONG: dict[tuple[str, ...], list[object]] = {
    (*LOAD, "starts"): [None, True, "3", -1, [], {}, inf, -inf, float("nan")],
    (*LOAD, "on_s"): [None, False, "3", -0.001, inf, float("nan")],
    (*LOAD, "due_at_s"): [True, "3", -1, [3], inf],
    (*LOAD, "guaranteed_s"): [None, "3", -1, inf],
    (*LOAD, "has_begun"): [None, 0, 1, "true", []],
    (*LOAD, "chosen_on"): [0, 1, "false", {}],
    (*LOAD, "day"): ["", "yesterday", "2026-06-31", "2026-06-01T00:00:00", "0001-01-01", "9999-12-31", 5, True, []],
    (*LOAD, "chosen_at"): ["", "12:00", "2026-06-01T12:00:00", "2026-06-31T12:00:00Z", 5, []],
    (*LOAD, "learned"): [5, "L1", [1980, "L1"], {}, {"phase": "L1"}, {"power_w": "5", "phase": ""}],
    (*LEARNED, "power_w"): [None, True, "5", -5, inf],
    (*LEARNED, "phase"): [None, 5, "L4", ["L1"], "\ud800"],
    **{(*OF_QUARTER, key): [None, "1", -1] for key in ("at_s", "import_kw", "demand_kw", "month_peak_kw")},
    (*OF_QUARTER, "month"): [None, 2026, "2026", "2026-6", "2026-06-01", " 2026-06", [], [2026, 6], {"2026": 6}],
    LOAD: [None, [], 5, "", {}],
    ("loads",): [None, [], 5, ""],
    OF_QUARTER: [[], 5, "", {}, True],
    ("shed_in",): [True, "3", -1, 0.5, [], inf],
    ("low_ended_s",): [True, "3", -1, [], {}, inf, float("nan")],
    ("version",): [None, 0, 2, "1", [1]],
}


@pytest.mark.parametrize(
    ("place", "value"),
    [pytest.param(place, value, id=f"{'.'.join(place)}={value!r}") for place, values in WRONG.items() for value in values],
)
def test_a_wrong_value_refuses_the_whole(place: tuple[str, ...], value: object) -> None:
    """Nothing is guessed, and no half of it is believed."""
    with pytest.raises(ValueError, match=r"."):
        memory_from(with_value(place, value))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
@pytest.mark.parametrize("digits", [400, 5000], ids=["too large for a float", "too long for an integer of Python"])
def test_a_huge_number_is_refused_wherever_it_stands(place: tuple[str | int, ...], digits: int) -> None:
    """JSON knows no limit."""
    text = with_value(place, "here").replace('"here"', "9" * digits)
    with pytest.raises(ValueError, match=r"."):
        memory_from(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "Expecting value", id="empty"),
        pytest.param("\ufeff{}", "BOM", id="a byte order mark"),
        pytest.param("null", "expected an object", id="null"),
        pytest.param("[]", "expected an object", id="a list"),
        pytest.param("{}", "expected version 1", id="an object without version"),
        pytest.param('{"version": 1}', "expected an object", id="no loads"),
        pytest.param('{"version": 2, "loads": {}, "quarter": null}', "expected version 1", id="of another version"),
        pytest.param("[" * 500_000, "nested without end", id="lists without end"),
        pytest.param('{"loads":' * 100_000, "nested without end", id="objects without end"),
        pytest.param(text_of(MEMORY) * 2, "Extra data", id="twice"),
        pytest.param(text_of(MEMORY).replace("1234.5", "NaN"), "expected a number from 0 on", id="NaN"),
        pytest.param(text_of(MEMORY).replace("1234.5", "1e999"), "expected a number from 0 on", id="too large"),
        pytest.param(text_of(MEMORY).replace("1234.5", "-1"), "expected a number from 0 on", id="negative"),
        pytest.param(text_of(MEMORY).replace("true", "1"), "expected true or false", id="no flag"),
        pytest.param(with_value((*LOAD, "chosen_at"), "2026-06-01"), "expected a time with its offset", id="no offset"),
        pytest.param(with_value((*OF_QUARTER, "month"), 6), "expected a year and a month", id="no month"),
        pytest.param(
            with_value((*LOAD, "day"), f"{YEARS[0] - 1}-12-31"), "expected a day of this century", id="before all meters"
        ),
        pytest.param(
            with_value((*LOAD, "day"), f"{YEARS[-1] + 1}-01-01"), "expected a day of this century", id="after all meters"
        ),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    """For the one line in the log."""
    with pytest.raises(ValueError, match=problem):
        memory_from(text)


# From a state and back.


def kept(one: LoadState, learned: Learned | None = None) -> Remembered:
    """Give what is remembered of a boiler."""
    state = initial(PLANT).with_loads(PLANT, [("boiler", one)])
    return memory_of(state, {} if learned is None else {"boiler": learned}, NOW_S, NOW).loads["boiler"]


def recall(one: Remembered, load: Load = BOILER, after: timedelta = timedelta()) -> LoadState:
    """Give the state of a load at a start at which the host's clock has gone on by `after`."""
    return recalled(Plant((load,)), Memory({load.name: one}), LATER_S, NOW + after).loads[load.name]


def test_counters_are_kept_with_what_runs_now() -> None:
    """Times of the monotonic clock become seconds, or the host's time."""
    counters = Counters(date(2026, 6, 1), 3, 1000.0, 1_780_372_800.0, 2000.0, has_begun=True, on_from_s=NOW_S - 500)
    one = LoadState(auto_on=True, ruled_s=NOW_S - 600, counters=counters)
    assert kept(one, Learned(1980.0, "L1")) == Remembered(
        day=date(2026, 6, 1),
        starts=3,
        on_s=1500.0,
        due_at_s=1_780_372_800.0,
        guaranteed_s=2500.0,
        has_begun=True,
        chosen_on=True,
        chosen_at=NOW - timedelta(seconds=600),
        learned=Learned(1980.0, "L1"),
    )


def test_a_safe_state_is_no_choice() -> None:
    """And a person's choice is none of the rules: what they chose meanwhile is."""
    assert kept(LoadState(auto_on=False)) == Remembered()
    by_hand = LoadState(auto_on=False, mode=Mode.ON, ruled_s=NOW_S - 60)
    assert kept(by_hand) == Remembered(chosen_on=False, chosen_at=NOW - timedelta(seconds=60))


def test_the_quarter_is_kept() -> None:
    """What the meter told and when it was late to tell it is not: the next telegram does."""
    state = replace(initial(PLANT), quarter=QUARTER._replace(told_kw=0.25))
    memory = memory_from(text_of(memory_of(state, {}, NOW_S, NOW)))
    assert memory.quarter == QUARTER
    assert recalled(PLANT, memory, LATER_S, NOW).quarter == QUARTER


def test_without_a_memory_everything_is_as_at_the_first_start() -> None:
    """Safe, and nothing counted but what is on from now."""
    assert recalled(PLANT, Memory(), LATER_S, NOW) == initial(PLANT, LATER_S)


def test_counters_go_on_after_a_restart() -> None:
    """A load that is safe off is off; one that is safe on runs from now on, and that is no start."""
    remembered = replace(ONE, chosen_on=None, chosen_at=None)
    counters = Counters(ONE.day, ONE.starts, ONE.on_s, ONE.due_at_s, ONE.guaranteed_s, ONE.has_begun)
    assert recall(remembered) == LoadState(auto_on=False, counters=counters)
    assert recall(remembered, HEATER) == LoadState(auto_on=True, counters=replace(counters, on_from_s=LATER_S))


def test_what_is_remembered_does_not_change_by_a_restart() -> None:
    """Kept at the moment of the start, all of it is the same again."""
    plant = Plant((BOILER,))
    memory = Memory({"boiler": ONE}, QUARTER, shed_in=QUARTER.number, low_began_s=LOW_ENDED_S - 32_400, low_ended_s=LOW_ENDED_S)
    state = recalled(plant, memory, LATER_S, NOW)
    assert (state.shed_in, state.low_ended_s) == ({False: QUARTER.number}, LOW_ENDED_S)
    assert memory_of(state, {"boiler": Learned(1980.5, "L2")}, LATER_S, NOW) == memory


def test_a_load_that_is_new_begins_with_nothing_and_one_that_is_gone_is_forgotten() -> None:
    """The settings say which loads there are."""
    memory = Memory({"boiler": ONE, "pool": ONE}, QUARTER)
    state = recalled(PLANT, memory, LATER_S, NOW)
    assert state.loads.keys() == {"boiler", "heater"}
    assert state.loads["heater"] == initial(PLANT, LATER_S).loads["heater"]
    assert memory_of(state, {}, LATER_S, NOW).loads.keys() == {"boiler", "heater"}


@pytest.mark.parametrize(
    ("load", "chosen_on", "after_s", "left_s"),
    [
        pytest.param(BOILER, False, 0, 540, id="off by the rules a minute ago: min_off goes on"),
        pytest.param(BOILER, False, 100, 440, id="the time of the restart counts"),
        pytest.param(BOILER, False, 540, 0, id="min_off is over"),
        pytest.param(BOILER, False, 30 * 86_400, 0, id="a host's clock far ahead"),
        pytest.param(BOILER, False, -60, 600, id="a host's clock back to the choice"),
        pytest.param(BOILER, False, -30 * 86_400, 600, id="a host's clock far back: as if no time had passed"),
        pytest.param(BOILER, True, 0, 0, id="on by the rules, now safe off"),
        pytest.param(BOILER, None, 0, 0, id="off since it was safe"),
        pytest.param(HEATER, True, 0, 240, id="on by the rules, safe on: min_on goes on"),
        pytest.param(HEATER, True, 240, 0, id="min_on is over"),
        pytest.param(HEATER, False, 0, 0, id="off by the rules, now safe on"),
    ],
)
def test_a_minimum_time_goes_on_if_the_rules_chose_the_safe_state(
    load: Load,
    chosen_on: bool | None,  # noqa: FBT001 -- a column
    after_s: float,
    left_s: float,
) -> None:
    """Else the safe state is nobody's choice and starts none; the choice was made a minute before the restart."""
    chosen_at = None if chosen_on is None else NOW - timedelta(seconds=60)
    one = recall(Remembered(chosen_on=chosen_on, chosen_at=chosen_at), load, timedelta(seconds=after_s))
    assert (one.auto_on, one.mode, one.min_time_left_s(load, LATER_S)) == (load.safe_on, Mode.AUTO, left_s)


def test_a_choice_without_its_time_is_none() -> None:
    """Nor is a time without its choice."""
    assert recall(Remembered(chosen_on=False)).ruled_s is None
    assert recall(Remembered(chosen_at=NOW)).ruled_s is None


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=14)), timezone(-timedelta(hours=14)), UTC], ids=str)
@pytest.mark.parametrize("year", [1, 1970, 9999])
def test_a_choice_at_the_end_of_all_times_can_be_kept_again(year: int, zone: timezone) -> None:
    """A damaged time that still is one must not stop the service when it writes the next memory."""
    chosen_at = datetime.min if year == 1 else datetime(1970, 1, 1) if year == 1970 else datetime.max  # noqa: DTZ001, DTZ901
    state = recalled(Plant((BOILER,)), Memory({"boiler": replace(ONE, chosen_at=chosen_at.replace(tzinfo=zone))}), LATER_S, NOW)
    memory = memory_of(state, {}, LATER_S + 1, NOW + timedelta(seconds=1))
    assert memory_from(text_of(memory)) == memory


# What is worth to be written at once.


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(replace(ONE, day=date(2026, 6, 2)), id="a new day"),
        pytest.param(replace(ONE, starts=4), id="a start"),
        pytest.param(replace(ONE, due_at_s=1_780_459_200.0), id="a new guarantee"),
        pytest.param(replace(ONE, has_begun=False), id="the guarantee is not being run any more"),
        pytest.param(replace(ONE, chosen_on=True), id="a choice of the rules"),
        pytest.param(replace(ONE, chosen_on=None, chosen_at=None), id="a safe state"),
        pytest.param(replace(ONE, learned=Learned(1980.5, "L3")), id="another phase"),
        pytest.param(replace(ONE, learned=None), id="nothing is learned"),
    ],
)
def test_what_happened_is_essential(after: Remembered) -> None:
    """It would not come again by itself."""
    assert Memory({"boiler": after}).essence != Memory({"boiler": ONE}).essence


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(replace(ONE, on_s=1300.0, guaranteed_s=200.0), id="time on"),
        pytest.param(replace(ONE, chosen_at=NOW), id="the time of a choice, which clocks make a little different each time"),
        pytest.param(replace(ONE, learned=Learned(1990.0, "L2")), id="a power that is measured again"),
    ],
)
def test_what_only_runs_on_is_not_essential(after: Remembered) -> None:
    """An SD card is not written each second."""
    assert Memory({"boiler": after}).essence == Memory({"boiler": ONE}).essence


def test_the_end_of_the_low_tariff_is_not_essential() -> None:
    """That of the day before is as good."""
    assert replace(MEMORY, low_ended_s=LOW_ENDED_S + 86_400).essence == MEMORY.essence


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(None, True, id="no quarter"),
        pytest.param(QUARTER._replace(at_s=QUARTER.at_s + 1, demand_kw=0.3, import_kw=9.0), False, id="it goes on"),
        pytest.param(QUARTER._replace(month_peak_kw=3.0), True, id="a new peak of the month"),
        pytest.param(QUARTER._replace(month="2026-07", month_peak_kw=2.75), True, id="a new month"),
    ],
)
def test_of_the_quarter_the_peak_of_the_month_is_essential(after: Quarter | None, expected: bool) -> None:  # noqa: FBT001 -- a column
    """The sum of a quarter-hour is worth a quarter-hour."""
    assert (Memory({}, after).essence != Memory({}, QUARTER).essence) is expected
