"""The sentence about a load: exact texts by situation."""

from dataclasses import replace

import pytest

from common.payload import Reading
from relay_controller.conditions import parse_condition
from relay_controller.decide import decide, initial, stopped
from relay_controller.events import Telegram
from relay_controller.load import Load, OnStale, Plant
from relay_controller.load_state import Mode
from relay_controller.reason import reason_of
from tests.test_decide import BOILER, FRESH_FOR_S, LAMP, NOW, QUICK, TICK, Event, by_hand, net

HOLD = replace(QUICK, on_stale=OnStale.HOLD)
NOTHING = Telegram(Reading("home", NOW, 1, {}), FRESH_FOR_S)
TWO = replace(
    QUICK,
    on_when=parse_condition("surplus > 1500 W and actual_tariff = 1 or l1_voltage >= 250 V"),
    off_when=parse_condition("net_power > power_limit"),
    off_delay_s=120,
)


@pytest.mark.parametrize(
    ("load", "moments", "expected"),
    [
        # the rules wait
        (BOILER, [(0, net(-1230))], "off: surplus 1,230 W, needs more than 1,500 W for 20 s (0 s so far)"),
        (BOILER, [(0, net(-1600)), (12.9, net(-1700))], "off: surplus 1,700 W, needs more than 1,500 W for 20 s (12 s so far)"),
        (QUICK, [(0, net(-1230))], "off: surplus 1,230 W, needs more than 1,500 W"),
        (QUICK, [(0, net(-1600)), (1, net(-100))], "on: surplus 2,100 W, off at less than 200 W"),
        (
            TWO,
            [(0, net(-1, actual_tariff=2, power_limit=9.2))],
            (
                "off: surplus 1 W, needs more than 1,500 W; and actual_tariff 2, needs 1;"
                " or l1_voltage missing, needs 250 V or more"
            ),
        ),
        (
            TWO,
            [
                (0, net(-1600, actual_tariff=1, power_limit=9.2)),
                (1, net(9300, actual_tariff=1, power_limit=9.2)),
                (14, net(9301, actual_tariff=1, power_limit=9.2)),
            ],
            "on: net_power 9,301 W, off at more than power_limit (9,200 W) for 120 s (13 s so far)",
        ),
        (
            TWO,
            [(0, net(-1600, actual_tariff=1, power_limit=9.2)), (1, net(9300))],
            "on: net_power 9,300 W, off at more than power_limit (missing) for 120 s (0 s so far)",
        ),
        # what else they wait for
        (
            replace(QUICK, min_on_s=600),
            [(0, net(-1600)), (10.5, net(5000))],
            "on: surplus -3,000 W, off at less than 200 W; min_on lasts 600 s more",
        ),
        (
            replace(QUICK, min_off_s=60),
            [(0, net(-1600)), (10, net(5000)), (20.5, net(-1600))],
            "off: surplus 1,600 W, needs more than 1,500 W; min_off lasts 50 s more",
        ),
        (
            QUICK,
            [(0, net(-1600)), (3.5, net(5000))],
            "on: surplus -3,000 W, off at less than 200 W; the last switch settles for 7 s more",
        ),
        (
            replace(QUICK, on_when=parse_condition("surplus > -9 kW")),
            [(0, net(500))],
            "off: surplus -500 W, needs more than -9,000 W; off_when holds too",
        ),
        # no telegrams
        (BOILER, [(0, TICK)], "off: no fresh telegram yet"),
        (BOILER, [(0, net(-1600)), (20, TICK)], "off: no fresh telegram for 20 s"),
        (BOILER, [(0, net(-1600)), (3599, TICK)], "off: no fresh telegram for 3,540 s"),
        (BOILER, [(0, net(-1600)), (200_000, TICK)], "off: no fresh telegram for 55 h"),
        (HOLD, [(0, net(-1600)), (20, TICK)], "on: held, no fresh telegram for 20 s"),
        (replace(BOILER, on_stale=OnStale.ON), [(0, TICK)], "on: no fresh telegram yet"),
        # fields that are missing
        (TWO, [(0, net(-1600, actual_tariff=1))], "off: no fresh telegram with power_limit yet"),
        (TWO, [(0, net(-1600))], "off: no fresh telegram with actual_tariff, l1_voltage, power_limit yet"),
        (
            TWO,
            [
                (0, net(-1600, actual_tariff=1, power_limit=9.2)),
                (14, net(-1600, actual_tariff=1)),
                (20, net(-1600, l1_voltage=1)),
            ],
            "off: no fresh telegram with power_limit for 20 s",
        ),
        (
            HOLD,
            [(0, net(-1600)), (14, NOTHING), (20, NOTHING)],
            "on: held, no fresh telegram with net_power for 20 s",
        ),
        (HOLD, [(0, net(-1600)), (14, NOTHING), (40, TICK)], "on: held, no fresh telegram for 26 s"),
        # a person
        (BOILER, [(0, by_hand(Mode.ON)), (60, TICK)], "on: by hand, for 3,540 s more"),
        (BOILER, [(0, by_hand(Mode.ON)), (3595.5, TICK)], "on: by hand, for 5 s more"),
        (replace(BOILER, manual_timeout_s=86400), [(0, by_hand(Mode.OFF))], "off: by hand, for 24 h more"),
        (LAMP, [(0, net(0))], "off: no rules, waits for a command"),
        # shadow mode
        (
            replace(QUICK, shadow=True),
            [(0, net(-1600))],
            "off: in shadow mode, would be on: surplus 1,600 W, off at less than 200 W",
        ),
    ],
)
def test_a_sentence_tells_why_with_numbers(load: Load, moments: list[tuple[float, Event]], expected: str) -> None:
    """At the last moment of the row."""
    plant = Plant((load,))
    state, now_s = initial(plant), 0.0
    for now_s, event in moments:
        state, _ = decide(plant, state, event, now_s)
    assert reason_of(plant, load, state, now_s) == expected


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        (QUICK, "off: the relay controller has ended"),
        (replace(QUICK, on_stale=OnStale.ON), "on: the relay controller has ended"),
        (replace(QUICK, on_stale=OnStale.ON, shadow=True), "off: the relay controller has ended"),
    ],
)
def test_at_the_end_the_sentence_says_so(load: Load, expected: str) -> None:
    """What stays on the broker while nobody decides."""
    plant = Plant((load,))
    assert reason_of(plant, load, stopped(plant), 0.0) == expected
