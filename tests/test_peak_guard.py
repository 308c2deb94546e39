"""The guard of the quarter-hour peak, decided and said: stories on the household's clock.

All loads always want to be on: what keeps them off is the guard. At 12:00, 12:05 and 12:10 the whole, two thirds and one third
of the quarter-hour are left. The limit is 3 kW without margin, where nothing else is said.
"""

from dataclasses import replace

import pytest

from relay_controller.conditions import parse_condition
from relay_controller.decide import decide, initial
from relay_controller.hours import parse_hours
from relay_controller.load import Load, OnStale, PeakRule, Plant
from relay_controller.load_state import Mode
from relay_controller.memory import memory_of, recalled
from relay_controller.memory_text import memory_from, text_of
from tests.support.house_model import ZONE, Row, Sent, local, sent, told
from tests.test_decide import QUICK, by_hand

EAGER = replace(QUICK, on_when=parse_condition("surplus > -99 kW"), off_when=parse_condition("surplus < -99 kW"))
BOILER = replace(EAGER, name="boiler", power_w=2000, priority=1)
HEATER = replace(EAGER, name="heater", power_w=1000, priority=2)
PUMP = replace(EAGER, name="pump", power_w=1000, priority=3)
LAMP = Load("lamp", power_w=500, priority=4)
THREE_KW = PeakRule(3.0, margin_kw=0.0)
STAYS = "off at less than -99,000 W"


def house(*loads: Load, rule: PeakRule | None = THREE_KW, settle_s: float = 0.0) -> Plant:
    """Give a house with these loads."""
    return Plant(loads, settle_s=settle_s, peak=rule, zone=ZONE)


def drawn(net_w: int, demand_kw: float = 0.0, /, **more: object) -> Sent:
    """Give a telegram of a meter that tells the quarter's average so far."""
    return sent(net_w, average_demand=demand_kw, **more)


def hand(load: str, choice: Mode) -> Row:
    """Give what a person does right at the begin of a story."""
    return Row("06-15 12:00", by_hand(choice, load))


# --- the forecast ---

LOW_PEAK = replace(
    QUICK, on_when=parse_condition("peak_forecast < 0.1 kW"), off_when=parse_condition("peak_forecast > 9 kW"), power_w=0
)


@pytest.mark.parametrize(
    ("story", "forecast"),
    [
        pytest.param([("12:00", drawn(3000))], "3 kW", id="all quarter as now"),
        pytest.param([("12:05", drawn(3000, 0.4))], "2.4 kW", id="0.4 + 3 x 600 / 900"),
        pytest.param([("12:14:50", drawn(3000, 0.4))], "0.433 kW", id="0.4 + 3 x 10 / 900"),
        pytest.param([("12:05", drawn(-3000, 0.4))], "0.4 kW", id="what is injected takes nothing off"),
        pytest.param([("12:05", drawn(-300, 0.4, actual_total_consumption=1.2))], "1.2 kW", id="import is not the net power"),
        pytest.param([("12:05", Sent({"net_power": 3000, "average_demand": 0.4}))], "2.4 kW", id="net power alone"),
        pytest.param([("12:05", sent(3000))], "3 kW", id="no average: what was not seen was as it is now"),
        pytest.param(
            # 3 x 300 / 900, then nothing
            [("12:05", sent(3000)), ("12:06", sent(-100)), ("12:10", sent(-100))],
            "1 kW",
            id="no average: it is added up",
        ),
        pytest.param(
            [("12:14:50", drawn(2000, 2.9)), ("12:15", drawn(2000, 2.9))], "2 kW", id="the average of the last quarter"
        ),
        pytest.param([("12:14:50", drawn(2000, 2.9)), ("12:15:10", drawn(2700, 0.03))], "2.7 kW", id="it has begun anew"),
    ],
)
def test_the_forecast_is_the_average_if_nothing_changes(story: list[tuple[str, Sent]], forecast: str) -> None:
    """Import only, on the clock's quarters; it is known without a limit too."""
    *before, last = [Row(f"06-15 {at}", event) for at, event in story]
    rows = [*before, last._replace(says=f"boiler off: peak_forecast {forecast}, needs less than 0.1 kW")]
    assert told(house(LOW_PEAK, rule=None), rows) == rows


# --- off ---

ALL_ON = [
    Row("06-15 12:00", drawn(0), "boiler"),
    Row("06-15 12:00:10", drawn(0), "boiler heater"),
    Row("06-15 12:00:20", drawn(0), "boiler heater pump"),
]


def test_the_least_important_load_goes_off_first_and_nothing_on_again_in_that_quarter() -> None:
    """One per settling time, until the forecast is below the limit."""
    story = [
        *ALL_ON,
        # 1 + 5 x 600 / 900 = 4.333
        Row("06-15 12:05", drawn(5000, 1.0), "boiler heater"),
        Row("06-15 12:05:09", drawn(5000, 1.05), "boiler heater"),
        # 1.06 + 4 x 590 / 900 = 3.682
        Row("06-15 12:05:10", drawn(4000, 1.06), "boiler"),
        # 1.1 + 2.9 x 580 / 900 = 2.969
        Row("06-15 12:05:20", drawn(2900, 1.1), "boiler", f"boiler on: surplus -900 W, {STAYS}"),
        Row(
            "06-15 12:06",
            drawn(0, 1.2),
            "boiler",
            (
                "heater off: surplus 0 W, needs more than -99,000 W;"
                " the peak guard lets nothing on in this quarter-hour, 540 s more"
            ),
        ),
        Row(
            "06-15 12:14:50",
            drawn(0, 1.2),
            "boiler",
            (
                "pump off: surplus 0 W, needs more than -99,000 W;"
                " the peak guard lets nothing on in this quarter-hour, 10 s more"
            ),
        ),
        Row("06-15 12:15", drawn(0), "boiler heater"),
        Row("06-15 12:15:10", drawn(0), "boiler heater pump"),
    ]
    assert told(house(BOILER, HEATER, PUMP, settle_s=10), story) == story


@pytest.mark.parametrize(
    ("plant", "story"),
    [
        pytest.param(
            house(BOILER, HEATER, PUMP),
            [
                Row("06-15 12:00", drawn(-2000), "boiler heater pump"),
                # 1 + 5 x 2 / 3 = 4.333, without pump 3.667, without heater 3.000
                Row("06-15 12:05", drawn(5000, 1.0), "boiler"),
            ],
            id="no settling: as many as it takes, at one telegram",
        ),
        pytest.param(
            house(BOILER),
            [
                Row("06-15 12:00", drawn(-2000), "boiler"),
                Row("06-15 12:05", drawn(3000, 1.0), "boiler"),
                # 1 + 3.002 x 2 / 3 = 3.001
                Row("06-15 12:05", drawn(3002, 1.0)),
            ],
            id="the limit itself breaks nothing",
        ),
        pytest.param(
            house(BOILER),
            [
                Row("06-15 12:00", drawn(-2000), "boiler"),
                # A kettle: 0.1 + 6 x 120 / 900 = 0.9. All next quarter it would be 6.
                Row("06-15 12:13", drawn(6000, 0.1), "boiler"),
                Row("06-15 12:15", drawn(6000)),
            ],
            id="nothing goes off for the sake of the next quarter",
        ),
        pytest.param(
            house(BOILER, replace(HEATER, min_on_s=600)),
            [
                Row("06-15 12:00", drawn(-2000), "boiler heater"),
                # 1 + 9 x 2 / 3 = 7
                Row(
                    "06-15 12:05",
                    drawn(9000, 1.0),
                    "heater",
                    (
                        f"heater on: surplus -8,000 W, {STAYS}; peak_forecast 5.667 kW is above peak_limit 3 kW;"
                        " min_on lasts 300 s more"
                    ),
                ),
                Row("06-15 12:09:59", drawn(7000, 3.0), "heater"),
                Row("06-15 12:10", drawn(7000, 3.0)),
            ],
            id="a load that may not go off yet is passed over",
        ),
        pytest.param(
            house(replace(BOILER, min_off_s=300)),
            [
                Row("06-15 12:00", drawn(-2000), "boiler"),
                Row("06-15 12:14", drawn(9000, 2.9)),
                Row(
                    "06-15 12:15", drawn(0), "", "boiler off: surplus 0 W, needs more than -99,000 W; min_off lasts 240 s more"
                ),
                Row("06-15 12:19", drawn(0), "boiler"),
            ],
            id="min_off goes on in the next quarter",
        ),
        pytest.param(
            house(replace(BOILER, on_when=parse_condition("surplus > 1 kW"), off_when=parse_condition("surplus < 0 W"))),
            [
                Row("06-15 12:00", drawn(-2000), "boiler"),
                Row("06-15 12:05", drawn(2100, 0.1)),
                Row("06-15 12:06", drawn(-2000, 0.2), "boiler"),
            ],
            id="what goes off by its own rules may go on again",
        ),
        pytest.param(
            house(BOILER, LAMP),
            [
                hand("lamp", Mode.ON)._replace(on="lamp"),
                Row("06-15 12:00:10", drawn(0), "boiler lamp"),
                Row("06-15 12:05", drawn(9000, 1.0), "lamp"),
            ],
            id="what a person switched on stays on",
        ),
        pytest.param(
            house(BOILER, replace(LAMP, on_stale=OnStale.ON)),
            [
                Row("06-15 12:00", drawn(-2000), "boiler lamp"),
                Row("06-15 12:05", drawn(9000, 1.0), "lamp", "lamp on: no rules, waits for a command"),
            ],
            id="a load without rules is left alone",
        ),
        pytest.param(
            house(replace(BOILER, on_stale=OnStale.ON, min_on_s=600)),
            [
                Row("06-15 12:04", None, "boiler", "boiler on: no fresh telegram yet"),
                # No choice of the rules, so no min_on: 1 + 9 x 2 / 3 = 7.
                Row("06-15 12:05", replace(drawn(9000, 1.0), fresh_for_s=15)),
                Row("06-15 12:05:15", None, "boiler"),
                Row("06-15 12:06", drawn(9000, 2.0)),
            ],
            id="a load that is on without a meter",
        ),
        pytest.param(
            house(BOILER),
            [
                # 0.5 + 2 = 2.5 all quarter, for nothing was seen of its first five minutes.
                Row("06-15 12:05", sent(500), "boiler"),
                # 0.5 x 300 / 900 + 3 x 300 / 900 + 3 x 300 / 900 = 2.167
                Row("06-15 12:10", sent(3000), "boiler"),
                # 0.167 + 1 + 6 x 60 / 900 = 1.567, and 6 x 240 / 900 = 1.6 to come
                Row("06-15 12:11", sent(6000)),
            ],
            id="a meter that does not tell the average",
        ),
    ],
)
def test_loads_go_off_before_the_limit_is_broken(plant: Plant, story: list[Row]) -> None:
    """A row is a time of the wall clock, what came, which loads are on then, and what is said."""
    assert told(plant, story) == story


# --- not on ---

NO_ROOM = "with it a quarter-hour would average"


@pytest.mark.parametrize(
    ("load", "at", "event", "expected"),
    [
        pytest.param(BOILER, "12:00", drawn(1000), None, id="just enough: 1 + 2"),
        pytest.param(BOILER, "12:00", drawn(1001), "3.001 kW", id="1.001 + 2"),
        pytest.param(BOILER, "12:05", drawn(0, 1.6), None, id="1.6 + 2 x 600 / 900 = 2.933"),
        pytest.param(BOILER, "12:05", drawn(0, 1.9), "3.233 kW", id="1.9 + 2 x 600 / 900"),
        pytest.param(BOILER, "12:14", drawn(1500, 0.2), "3.5 kW", id="much is saved, but the next quarter would have 1.5 + 2"),
        pytest.param(BOILER, "12:00", drawn(-1500), None, id="own production first: 0.5"),
        pytest.param(BOILER, "12:00", drawn(-500, actual_total_consumption=2.0), None, id="2 of one phase, 2.5 injected"),
        pytest.param(BOILER, "12:00", drawn(1500, actual_total_consumption=2.0), "3.5 kW", id="2 of one phase, 0.5 injected"),
        pytest.param(
            replace(BOILER, power_w=None),
            "12:00",
            replace(drawn(1500), learned_w={"boiler": 2000.0}),
            "3.5 kW",
            id="the power that was measured: 1.5 + 2",
        ),
        pytest.param(
            BOILER, "12:00", replace(drawn(500), learned_w={"boiler": 9000.0}), None, id="the power that is set counts first"
        ),
        pytest.param(replace(BOILER, power_w=None), "12:00", drawn(3000), None, id="no power known: as if it drew nothing"),
        pytest.param(
            replace(BOILER, power_w=None), "12:00", drawn(3001), "3.001 kW", id="no power known, but too much is drawn"
        ),
    ],
)
def test_nothing_goes_on_that_would_break_the_limit(load: Load, at: str, event: Sent, expected: str | None) -> None:
    """Neither in this quarter-hour nor in the next one."""
    row = Row(f"06-15 {at}", event, "boiler")
    if expected is not None:
        surplus_w = -int(str(event.fields["net_power"]))
        says = f"boiler off: surplus {surplus_w:,} W, needs more than -99,000 W; {NO_ROOM} {expected}, peak_limit 3 kW"
        row = Row(row.at, event, "", says)
    assert told(house(load), [row]) == [row]


def test_two_loads_at_one_telegram_share_the_room() -> None:
    """Each sees what was switched before it: 2 + 1 kW are the limit, and 1 kW more is too much."""
    story = [
        Row(
            "06-15 12:00",
            drawn(0),
            "boiler heater",
            f"pump off: surplus 0 W, needs more than -99,000 W; {NO_ROOM} 4 kW, peak_limit 3 kW",
        )
    ]
    assert told(house(BOILER, HEATER, PUMP), story) == story


def test_nothing_goes_on_again_in_that_quarter_after_a_restart_either() -> None:
    """The memory keeps in which quarter the guard has acted."""
    plant, state = house(BOILER), initial(house(BOILER))
    for at, event in (("12:00", drawn(-2000)), ("12:05", drawn(9000, 1.0))):
        moment = local(f"06-15 {at}")
        state, _ = decide(plant, state, event.at(moment), moment.timestamp())
    stop, start, later = (local(f"06-15 {at}") for at in ("12:05:10", "12:06", "12:15"))
    memory = memory_from(text_of(memory_of(state, {}, stop.timestamp(), stop)))
    state = recalled(plant, memory, start.timestamp(), start)
    is_on = []
    for moment in (start, later):
        state, _ = decide(plant, state, drawn(0).at(moment), moment.timestamp())
        is_on.append(state.loads["boiler"].on)
    assert is_on == [False, True]


FOLLOW = PeakRule(None)


def peak(peak_kw: float, stamp: str) -> dict[str, object]:
    """Give this month's peak as a meter tells it."""
    return {"peak_demand_month": peak_kw, "peak_demand_month_timestamp": stamp}


@pytest.mark.parametrize(
    ("rule", "more", "limit"),
    [
        pytest.param(THREE_KW, {}, "3 kW", id="fixed, no margin"),
        pytest.param(PeakRule(4.0), {}, "3.85 kW", id="fixed, less 150 W"),
        pytest.param(PeakRule(4.0, 0.5), peak(6.0, "2026-06-10T18:15:00+02:00"), "3.5 kW", id="fixed, whatever the month had"),
        pytest.param(FOLLOW, {}, "2.35 kW", id="follow, nothing known: 2.5 kW less 150 W"),
        pytest.param(FOLLOW, peak(1.8, "2026-06-10T18:15:00+02:00"), "2.35 kW", id="follow, less than 2.5 kW"),
        pytest.param(FOLLOW, peak(4.0, "2026-06-10T18:15:00+02:00"), "3.85 kW", id="follow, this month's peak"),
        pytest.param(FOLLOW, peak(4.0, "2026-06-01T00:15:00+02:00"), "3.85 kW", id="follow, its first quarter"),
        pytest.param(FOLLOW, peak(4.0, "2026-06-01T00:00:00+02:00"), "2.35 kW", id="follow, the last quarter of May"),
        pytest.param(FOLLOW, peak(4.0, "2026-05-31T18:15:00+02:00"), "2.35 kW", id="follow, a peak of May"),
        pytest.param(FOLLOW, peak(4.0, "2025-06-10T18:15:00+02:00"), "2.35 kW", id="follow, a peak of last June"),
        pytest.param(FOLLOW, {"peak_demand_month": 4.0}, "3.85 kW", id="follow, without a stamp"),
    ],
)
def test_the_limit_is_fixed_or_follows_the_month(rule: PeakRule, more: dict[str, object], limit: str) -> None:
    """Less the margin."""
    story = [
        Row(
            "06-15 12:00",
            drawn(5000, **more),
            "",
            f"boiler off: surplus -5,000 W, needs more than -99,000 W; {NO_ROOM} 7 kW, peak_limit {limit}",
        )
    ]
    assert told(house(BOILER, rule=rule), story) == story


def test_the_limit_follows_what_was_seen_where_the_meter_does_not_tell() -> None:
    """A quarter of 3.2 kW is paid for, so the next one may have as much; another month begins anew."""
    says = f"boiler off: surplus -3,200 W, needs more than -99,000 W; {NO_ROOM} 5.2 kW, peak_limit"
    story = [
        Row("06-30 23:30", drawn(3200)),
        # 3.093 + 3.2 x 30 / 900 = 3.2
        Row("06-30 23:44:30", drawn(3200, 3.093)),
        Row("06-30 23:45", drawn(3200), "", f"{says} 3.05 kW"),
        Row("07-01 00:00", drawn(3200), "", f"{says} 2.35 kW"),
    ]
    assert told(house(BOILER, rule=FOLLOW), story) == story


def test_guaranteed_time_waits_for_room_and_for_the_next_quarter() -> None:
    """Never above the limit, however little time is left."""
    hot = replace(BOILER, on_when=None, off_when=None, min_on_per_day_s=7200, by_min=780)
    left = "120 of 120 guaranteed minutes are left until 13:00"
    story = [
        Row("06-15 12:00", drawn(1001), "", f"boiler off: {left}; {NO_ROOM} 3.001 kW, peak_limit 3 kW"),
        Row("06-15 12:01", drawn(1000), "boiler", f"boiler on: {left}"),
        # 1 + 6 x 2 / 3 = 5
        Row("06-15 12:05", drawn(6000, 1.0)),
        Row(
            "06-15 12:06",
            drawn(0, 1.1),
            "",
            (
                "boiler off: 116 of 120 guaranteed minutes are left until 13:00;"
                " the peak guard lets nothing on in this quarter-hour, 540 s more"
            ),
        ),
        Row("06-15 12:15", drawn(0), "boiler"),
    ]
    assert told(house(hot), story) == story


# --- by hand ---

BY_HAND = "by hand, for 3,600 s more"


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(
            [
                Row("06-15 12:00", drawn(9000)),
                Row(
                    "06-15 12:00",
                    by_hand(Mode.ON),
                    "boiler",
                    f"boiler on: {BY_HAND}; although peak_forecast 11 kW is above peak_limit 3 kW",
                ),
                Row("06-15 12:05", drawn(9000, 3.0), "boiler"),
                Row("06-15 12:06", by_hand(Mode.AUTO)),
            ],
            id="a person's choice is above the guard",
        ),
        pytest.param(
            [
                Row("06-15 12:00", drawn(-2000), "boiler heater"),
                Row("06-15 12:01", by_hand(Mode.ON, "heater"), "boiler heater"),
                # 1 + 5 x 2 / 3 = 4.333
                Row("06-15 12:05", drawn(5000, 1.0), "heater"),
            ],
            id="then a more important load goes off",
        ),
        pytest.param(
            [
                Row("06-15 12:00", drawn(-2000), "boiler heater"),
                Row("06-15 12:01", by_hand(Mode.OFF), "heater"),
                Row("06-15 12:02", drawn(0), "heater"),
                Row("06-15 12:03", by_hand(Mode.AUTO), "heater"),
                Row("06-15 12:03:10", drawn(0), "boiler heater"),
            ],
            id="at its end the rules switch on by the next telegram",
        ),
        pytest.param(
            [
                Row("06-15 12:00", drawn(-2000), "boiler heater"),
                Row("06-15 12:01", by_hand(Mode.OFF), "heater"),
                # 2.5 kW all quarter, and the boiler would make it 4.5, without the heater 3.5.
                Row("06-15 12:01", drawn(2500), "heater"),
                Row("06-15 12:02", by_hand(Mode.AUTO), "heater"),
                Row("06-15 12:02:10", drawn(2500), "heater"),
            ],
            id="at its end nothing goes on that has no room",
        ),
        pytest.param(
            [
                Row("06-15 12:00", drawn(-2000), "boiler heater"),
                Row("06-15 12:01", by_hand(Mode.OFF), "heater"),
                Row("06-15 13:00:50", drawn(2500), "heater"),
                Row("06-15 13:01", None, "heater"),
                Row("06-15 13:01", drawn(2500), "heater"),
            ],
            id="nor when it ends by itself",
        ),
        pytest.param(
            [
                Row("06-15 12:00", drawn(-2000), "boiler heater"),
                Row("06-15 12:01", by_hand(Mode.OFF), "heater"),
                # 1 + 4 x 2 / 3 = 3.667
                Row("06-15 12:05", drawn(4000, 1.0)),
                Row("06-15 12:06", drawn(-2000, 1.1)),
                Row(
                    "06-15 12:07",
                    by_hand(Mode.AUTO),
                    "",
                    (
                        "boiler off: surplus 2,000 W, needs more than -99,000 W;"
                        " the peak guard lets nothing on in this quarter-hour, 540 s more"
                    ),
                ),
                Row("06-15 12:15", drawn(-2000), "boiler heater"),
            ],
            id="nor in a quarter in which the guard has acted",
        ),
    ],
)
def test_the_guard_and_a_person(story: list[Row]) -> None:
    """Two loads without settling."""
    assert told(house(BOILER, HEATER), story) == story


BOTH_OFF = [
    Row("06-15 12:00", drawn(-2000), "boiler heater"),
    Row("06-15 12:01", by_hand(Mode.OFF), "heater"),
    Row("06-15 12:01", by_hand(Mode.OFF, "heater")),
]


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(
            [
                *BOTH_OFF,
                Row("06-15 12:05", drawn(1000, 0.3)),
                Row("06-15 12:05", by_hand(Mode.AUTO)),
                Row("06-15 12:05", by_hand(Mode.AUTO, "heater")),
                # 1 + 2 kW are the limit.
                Row("06-15 12:05:10", drawn(1000, 0.3), "boiler"),
            ],
            id="two choices end",
        ),
        pytest.param(
            [
                *BOTH_OFF,
                Row("06-15 13:00:55", drawn(1000)),
                Row("06-15 13:01", None),
                Row("06-15 13:01:05", drawn(1000), "boiler"),
            ],
            id="two choices end by themselves",
        ),
        pytest.param([*BOTH_OFF, Row("06-15 13:01", drawn(1000), "boiler")], id="two choices end at a telegram"),
        pytest.param(
            [
                *BOTH_OFF,
                Row("06-15 12:05", drawn(1000, 0.3)),
                Row("06-15 12:05", by_hand(Mode.ON), "boiler"),
                Row("06-15 12:05", by_hand(Mode.AUTO, "heater"), "boiler"),
                Row("06-15 12:05:10", drawn(3000, 0.3), "boiler"),
            ],
            id="a choice begins and another one ends",
        ),
        pytest.param(
            [
                Row("06-15 12:00", drawn(-2000), "boiler heater"),
                # What the heater draws is in the 2.5 kW: without it there is room for it.
                Row("06-15 12:01", drawn(2500), "boiler heater"),
                Row("06-15 12:01", by_hand(Mode.OFF, "heater"), "boiler"),
                Row("06-15 12:01", by_hand(Mode.AUTO, "heater"), "boiler"),
                Row("06-15 12:01:10", drawn(1500), "boiler heater"),
            ],
            id="a choice is taken back at once",
        ),
    ],
)
def test_at_the_end_of_their_choices_loads_share_the_room(story: list[Row]) -> None:
    """None of them goes on between telegrams; at the next one each sees what was switched before it."""
    assert told(house(BOILER, HEATER), story) == story


def test_what_goes_off_at_the_end_of_a_choice_leaves_its_room_at_once() -> None:
    """Although the telegram of that moment has not shown it yet: 1.5 + 2 kW are too much, without the lamp 3."""
    story = [
        hand("lamp", Mode.ON)._replace(on="lamp"),
        Row("06-15 12:59:50", drawn(1500), "lamp"),
        Row("06-15 13:00", drawn(1500), "boiler"),
    ]
    assert told(house(BOILER, LAMP), story) == story


# --- room for what is more important ---

# The house draws 1.5 kW: there is room for the heater, not for the boiler. Then it draws 1 kW.
HEATER_ON = [Row("06-15 12:00", drawn(1500), "heater")]


@pytest.mark.parametrize(
    ("plant", "story"),
    [
        pytest.param(
            house(BOILER, HEATER, settle_s=10),
            [
                *HEATER_ON,
                # 2.5 - 1 + 2 = 3.5: it would not help.
                Row(
                    "06-15 12:01",
                    drawn(2500),
                    "heater",
                    f"boiler off: surplus -1,500 W, needs more than -99,000 W; {NO_ROOM} 4.5 kW, peak_limit 3 kW",
                ),
                # 2.001 - 1 + 2 = 3.001
                Row("06-15 12:01:10", drawn(2001), "heater"),
                Row("06-15 12:01:20", drawn(2000)),
                Row("06-15 12:01:29", drawn(1000)),
                Row("06-15 12:01:30", drawn(1000), "boiler"),
                Row(
                    "06-15 12:01:40",
                    drawn(3000),
                    "boiler",
                    f"heater off: surplus -3,000 W, needs more than -99,000 W; {NO_ROOM} 4 kW, peak_limit 3 kW",
                ),
            ],
            id="a less important load goes off where that is enough",
        ),
        pytest.param(
            house(BOILER, HEATER, PUMP, settle_s=10),
            [
                hand("boiler", Mode.OFF),
                Row("06-15 12:00", drawn(0), "heater"),
                Row("06-15 12:00:10", drawn(1000), "heater pump"),
                Row("06-15 12:00:20", by_hand(Mode.AUTO), "heater pump"),
                # 3 + 2 kW, without both 3
                Row("06-15 12:00:20", drawn(3000), "heater"),
                Row("06-15 12:00:25", drawn(2000), "heater"),
                Row("06-15 12:00:30", drawn(2000)),
                Row("06-15 12:00:40", drawn(1000), "boiler"),
            ],
            id="one after the other, the least important one first",
        ),
        pytest.param(
            house(BOILER, HEATER, PUMP, settle_s=10),
            [
                hand("boiler", Mode.OFF),
                Row("06-15 12:00", drawn(-1000), "heater"),
                Row("06-15 12:00:10", drawn(0), "heater pump"),
                Row("06-15 12:00:20", by_hand(Mode.AUTO), "heater pump"),
                # 2 + 2 kW, without the pump 3
                Row("06-15 12:00:20", drawn(2000), "heater"),
                Row("06-15 12:00:30", drawn(1000), "boiler heater"),
            ],
            id="no more of them than it takes",
        ),
        pytest.param(
            house(BOILER, HEATER, LAMP),
            [
                hand("lamp", Mode.ON)._replace(on="lamp"),
                Row("06-15 12:00:10", drawn(1500), "heater lamp"),
                # 2 + 2 kW, without the heater 3, and without the lamp still less
                Row("06-15 12:01", drawn(2000), "lamp"),
                Row("06-15 12:01:10", drawn(1000), "boiler lamp"),
            ],
            id="what a person switched on is passed over",
        ),
        pytest.param(
            house(BOILER, replace(HEATER, min_on_s=600)),
            [*HEATER_ON, Row("06-15 12:09:50", drawn(2000), "heater"), Row("06-15 12:10", drawn(2000))],
            id="not before its min_on is over",
        ),
        pytest.param(
            house(BOILER, replace(HEATER, min_off_s=600)),
            [
                *HEATER_ON,
                Row("06-15 12:01", drawn(2000)),
                Row("06-15 12:01:10", drawn(1000), "boiler"),
                Row("06-15 12:02", drawn(-2000), "boiler"),
                Row("06-15 12:11", drawn(-2000), "boiler heater"),
            ],
            id="its min_off begins",
        ),
        pytest.param(
            house(BOILER, HEATER),
            [*HEATER_ON, Row("06-15 12:01", by_hand(Mode.ON, "heater"), "heater"), Row("06-15 12:02", drawn(2000), "heater")],
            id="not while a person has it on",
        ),
        pytest.param(
            house(BOILER, HEATER),
            [*HEATER_ON, Row("06-15 12:01", by_hand(Mode.OFF), "heater"), Row("06-15 12:02", drawn(2000), "heater")],
            id="not while a person has the other one off",
        ),
        pytest.param(
            house(
                replace(BOILER, on_when=parse_condition("surplus > 1 kW"), off_when=parse_condition("surplus < 0 W")), HEATER
            ),
            [*HEATER_ON, Row("06-15 12:01", drawn(2000), "heater")],
            id="not for one that does not want to go on",
        ),
        pytest.param(
            house(replace(BOILER, on_delay_s=60), HEATER),
            [*HEATER_ON, Row("06-15 12:00:50", drawn(2000), "heater"), Row("06-15 12:01", drawn(2000))],
            id="not before its on_delay is over",
        ),
        pytest.param(
            house(replace(BOILER, hours=parse_hours("13:00-14:00", "")), HEATER),
            [*HEATER_ON, Row("06-15 12:01", drawn(2000), "heater"), Row("06-15 13:00", drawn(2000))],
            id="not for one that may not go on anyway",
        ),
        pytest.param(
            house(BOILER, replace(HEATER, priority=1)),
            [*HEATER_ON, Row("06-15 12:01", drawn(2000), "heater")],
            id="not for one of the same priority",
        ),
        pytest.param(
            house(replace(BOILER, power_w=1000), replace(HEATER, power_w=2000)),
            [
                Row("06-15 12:00", drawn(0), "boiler heater"),
                Row("06-15 12:01", drawn(3000), "boiler heater"),
                Row("06-15 12:01", by_hand(Mode.OFF, "heater"), "boiler"),
                Row("06-15 12:02", by_hand(Mode.AUTO, "heater"), "boiler"),
                Row("06-15 12:02", drawn(1500), "boiler"),
            ],
            id="not for a less important one",
        ),
        pytest.param(
            house(replace(BOILER, shadow=True), HEATER),
            [*HEATER_ON, Row("06-15 12:01", drawn(2000), "heater")],
            id="not for one in shadow mode",
        ),
        pytest.param(
            house(BOILER, replace(HEATER, shadow=True)),
            [*HEATER_ON, Row("06-15 12:01", drawn(1001), "heater"), Row("06-15 12:02", drawn(1000), "boiler heater")],
            id="not by one in shadow mode, which draws nothing",
        ),
        pytest.param(
            house(replace(BOILER, on_when=None, off_when=None, min_on_per_day_s=7200, by_min=780), HEATER),
            [
                *HEATER_ON,
                Row("06-15 12:01", drawn(2000)),
                Row(
                    "06-15 12:01:10",
                    drawn(1000),
                    "boiler",
                    "boiler on: 120 of 120 guaranteed minutes are left until 13:00",
                ),
            ],
            id="for guaranteed time too",
        ),
        pytest.param(
            house(BOILER, HEATER),
            [
                *HEATER_ON,
                Row("06-15 12:01", drawn(2000)),
                Row("06-15 12:01:10", drawn(1000), "boiler"),
                Row("06-15 12:02", drawn(2000), "boiler heater"),
            ],
            id="it is no shedding: both may be on again in that quarter-hour",
        ),
    ],
)
def test_less_important_loads_make_room_for_one_that_the_limit_keeps_off(plant: Plant, story: list[Row]) -> None:
    """One per settling time, and only where it may go on when they are off."""
    assert told(plant, story) == story


# --- shadow mode ---


def test_a_load_in_shadow_mode_is_guarded_as_if_it_drew_its_power() -> None:
    """What is on in earnest is not shed for it, and does not wait with it."""
    plant = house(replace(BOILER, shadow=True), HEATER, PUMP)
    story = [
        Row("06-15 12:00", drawn(-2000), "boiler heater pump"),
        # As it is 1 + 2.5 x 2 / 3 = 2.667, with 2 kW more 4.
        Row("06-15 12:05", drawn(2500, 1.0), "heater pump"),
        Row(
            "06-15 12:06",
            drawn(2500, 1.1),
            "heater pump",
            (
                "boiler off: in shadow mode, would be off: surplus -500 W, needs more than -99,000 W;"
                " the peak guard lets nothing on in this quarter-hour, 540 s more; with it a quarter-hour would average 4.5 kW,"
                " peak_limit 3 kW"
            ),
        ),
        Row("06-15 12:06", by_hand(Mode.OFF, "pump"), "heater"),
        Row("06-15 12:06:10", drawn(1500, 1.1), "heater"),
        Row("06-15 12:07", by_hand(Mode.AUTO, "pump"), "heater"),
        Row("06-15 12:07:10", drawn(1500, 1.1), "heater pump"),
    ]
    assert told(plant, story) == story


def test_the_sentence_of_a_shadow_load_has_the_forecast_with_its_power() -> None:
    """Without it nothing would be above the limit: 1 + 2.5 x 2 / 3 = 2.667, with 2 kW more 4."""
    story = [
        Row("06-15 12:00", drawn(-2000), "boiler"),
        Row(
            "06-15 12:05",
            drawn(2500, 1.0),
            "boiler",
            (
                f"boiler off: in shadow mode, would be on: surplus -2,500 W, {STAYS};"
                " peak_forecast 4 kW is above peak_limit 3 kW; min_on lasts 300 s more"
            ),
        ),
    ]
    assert told(house(replace(BOILER, shadow=True, min_on_s=600)), story) == story


# --- without power ---

BRIGHT = replace(EAGER, on_when=parse_condition("l1_voltage > 200 V"), off_when=parse_condition("l1_voltage < 100 V"))
POWERLESS = Sent({"l1_voltage": 230.0})


@pytest.mark.parametrize(
    ("plant", "story"),
    [
        pytest.param(
            house(BRIGHT),
            [Row("06-15 12:00", POWERLESS, "", "boiler off: no fresh telegram with net_power yet")],
            id="never told",
        ),
        pytest.param(
            house(BRIGHT),
            [
                Row("06-15 12:00", replace(drawn(0, l1_voltage=230.0), fresh_for_s=15), "boiler"),
                Row("06-15 12:00:10", replace(POWERLESS, fresh_for_s=15), "boiler"),
                Row("06-15 12:00:15", None, "", "boiler off: no fresh telegram with net_power for 15 s"),
                Row("06-15 12:00:20", drawn(0, l1_voltage=230.0), "boiler"),
            ],
            id="not told any more",
        ),
        pytest.param(
            house(BRIGHT, rule=None), [Row("06-15 12:00", POWERLESS, "boiler")], id="without a limit it is not needed"
        ),
    ],
)
def test_a_telegram_without_power_is_none_for_loads_with_a_limit(plant: Plant, story: list[Row]) -> None:
    """The guard would be blind."""
    assert told(plant, story) == story
