"""Hours, days, limits of a day and guaranteed time, decided and said: stories on the household's clock.

The boiler draws 2 kW, goes on above 1,500 W of surplus and off below 200 W, at once. The 15th of June 2026 is a Monday.
"""

from dataclasses import replace

import pytest

from relay_controller.hours import parse_hours
from relay_controller.load import Load, OnStale, Plant
from relay_controller.load_state import Mode
from tests.support.house_model import ZONE, Row, sent, told
from tests.test_decide import QUICK, by_hand

# The sun gives 2,000 W, or the house draws 500 W; `USED` and `DRAWN` are the same with the boiler on.
SUN, USED, DARK, DRAWN = sent(-2000), sent(0), sent(500), sent(2500)
WANTED = "boiler off: surplus 2,000 W, needs more than 1,500 W"
UNWANTED = "boiler off: surplus -500 W, needs more than 1,500 W"
STAYS = "boiler on: surplus 2,000 W, off at less than 200 W"
ON, OFF, AUTO = (by_hand(choice) for choice in (Mode.ON, Mode.OFF, Mode.AUTO))


def open_at(between: str, days: str = "", *, min_on_s: float = 0.0) -> Load:
    """Give the boiler with hours and days."""
    return replace(QUICK, hours=parse_hours(between, days), min_on_s=min_on_s)


def house(load: Load) -> Plant:
    """Give a house with one load, in which nothing settles."""
    return Plant((load,), settle_s=0, zone=ZONE)


@pytest.mark.parametrize(
    ("load", "story"),
    [
        pytest.param(
            open_at("09:00-17:00"),
            [
                Row("06-15 08:59:50", SUN, "", f"{WANTED}; outside its hours, which begin Mon 09:00"),
                Row("06-15 09:00", SUN, "boiler", STAYS),
                Row("06-15 16:59:50", USED, "boiler", STAYS),
                Row("06-15 17:00", USED, "", f"{WANTED}; outside its hours, which begin Tue 09:00"),
            ],
            id="it opens and closes, whatever the sun does",
        ),
        pytest.param(
            open_at("09:00-17:00"),
            [Row("06-15 08:00", DARK, "", f"{UNWANTED}; outside its hours, which begin Mon 09:00")],
            id="it is said also while nothing wants it on",
        ),
        pytest.param(
            replace(open_at("09:00-17:00"), on_delay_s=20),
            [Row("06-15 08:59:40", SUN), Row("06-15 09:00", SUN, "boiler")],
            id="on_delay may pass before it opens",
        ),
        pytest.param(
            open_at("09:00-17:00", min_on_s=600),
            [
                Row("06-15 16:51", SUN, "", f"{WANTED}; its hours end in 540 s, min_on is 600 s"),
                Row("06-15 16:58", SUN, "", f"{WANTED}; its hours end in 120 s, min_on is 600 s"),
            ],
            id="it closes sooner than min_on",
        ),
        pytest.param(
            open_at("09:00-17:00", min_on_s=600),
            [Row("06-15 16:50", SUN, "boiler"), Row("06-15 16:59:50", USED, "boiler"), Row("06-15 17:00", USED)],
            id="it closes just after min_on",
        ),
        pytest.param(
            open_at("09:00-17:00", min_on_s=600),
            [
                # The hours are told by the minute: at 16:50 they last 600 s more.
                Row("06-15 16:50:30", SUN, "boiler"),
                Row("06-15 17:00", USED, "boiler", f"{STAYS}; its hours are over; min_on lasts 30 s more"),
                Row("06-15 17:00:30", USED),
            ],
            id="min_on holds it for the seconds of a minute that the hours do not know",
        ),
        pytest.param(
            open_at("09:00-12:00, 12:00-17:00", min_on_s=600),
            [Row("06-15 11:55", SUN, "boiler"), Row("06-15 12:00", USED, "boiler")],
            id="a window that begins where another ends",
        ),
        pytest.param(
            open_at("22:00-06:00"),
            [
                Row("06-15 21:59:50", SUN, "", f"{WANTED}; outside its hours, which begin Mon 22:00"),
                Row("06-15 22:00", SUN, "boiler"),
                Row("06-16 00:00", USED, "boiler"),
                Row("06-16 05:59:50", USED, "boiler"),
                Row("06-16 06:00", USED, "", f"{WANTED}; outside its hours, which begin Tue 22:00"),
            ],
            id="over midnight",
        ),
        pytest.param(
            open_at("22:00-06:00", "fri"),
            [
                Row("06-18 22:00", SUN, "", f"{WANTED}; outside its hours, which begin Fri 22:00"),
                Row("06-19 05:00", SUN, "", f"{WANTED}; outside its hours, which begin Fri 22:00"),
                Row("06-19 22:00", SUN, "boiler"),
                Row("06-20 05:59:50", USED, "boiler"),
                Row("06-20 06:00", USED, "", f"{WANTED}; outside its hours, which begin Fri 22:00"),
            ],
            id="a window belongs to the day on which it begins",
        ),
        pytest.param(
            open_at("", "mon-fri"),
            [
                Row("06-14 12:00", SUN, "", f"{WANTED}; outside its hours, which begin Mon 00:00"),
                Row("06-15 00:00", SUN, "boiler"),
                Row("06-19 23:59:50", USED, "boiler"),
                Row("06-20 00:00", USED, "", f"{WANTED}; outside its hours, which begin Mon 00:00"),
            ],
            id="days",
        ),
        pytest.param(
            open_at("09:00-17:00"),
            [Row("06-15 08:00", ON, "boiler"), Row("06-15 08:10", DRAWN, "boiler"), Row("06-15 08:20", AUTO)],
            id="a person needs no hours",
        ),
        pytest.param(
            open_at("09:00-17:00"),
            [Row("06-15 16:50", OFF), Row("06-15 16:55", SUN), Row("06-15 17:00", SUN), Row("06-15 17:10", AUTO)],
            id="the end of a choice opens nothing",
        ),
        pytest.param(
            open_at("02:00-03:00"),
            [
                Row("03-29 01:59:50", SUN, "", f"{WANTED}; outside its hours, which begin Sun 02:00"),
                Row("03-29 03:00", SUN, "", f"{WANTED}; outside its hours, which begin Mon 02:00"),
            ],
            id="an hour that there is not when summer time begins",
        ),
        pytest.param(
            open_at("02:00-03:00"),
            [
                Row("10-25 01:59:50+02:00", SUN),
                Row("10-25 02:00+02:00", SUN, "boiler"),
                Row("10-25 02:59:50+02:00", USED, "boiler"),
                Row("10-25 02:00+01:00", USED, "boiler"),
                Row("10-25 02:59:50+01:00", USED, "boiler"),
                Row("10-25 03:00+01:00", USED, "", f"{WANTED}; outside its hours, which begin Mon 02:00"),
            ],
            id="an hour that comes twice when summer time ends",
        ),
    ],
)
def test_outside_of_its_hours_the_rules_have_no_load_on(load: Load, story: list[Row]) -> None:
    """A row is a time of the wall clock, what came, which loads are on then, and what is said."""
    assert told(house(load), story) == story


@pytest.mark.parametrize(
    ("load", "story"),
    [
        pytest.param(
            replace(QUICK, max_starts_per_day=2),
            [
                Row("06-15 09:00", SUN, "boiler"),
                Row("06-15 09:10", DRAWN),
                Row("06-15 09:20", SUN, "boiler"),
                Row("06-15 09:30", DRAWN, "", f"{UNWANTED}; started 2 of 2 times today"),
                Row("06-15 09:40", SUN, "", f"{WANTED}; started 2 of 2 times today"),
                Row("06-15 23:59:50", SUN),
                Row("06-16 00:00", SUN, "boiler", STAYS),
            ],
            id="until the household's midnight",
        ),
        pytest.param(
            replace(QUICK, max_starts_per_day=2),
            [
                Row("06-15 08:00", ON, "boiler"),
                Row("06-15 08:10", AUTO),
                Row("06-15 08:20", DARK),
                Row("06-15 08:30", ON, "boiler"),
                Row("06-15 08:40", AUTO),
                Row("06-15 09:00", SUN, "boiler", STAYS),
                Row("06-15 09:10", DRAWN),
                Row("06-15 09:20", SUN, "boiler"),
                Row("06-15 09:30", DRAWN, "", f"{UNWANTED}; started 2 of 2 times today"),
                Row("06-15 09:40", ON, "boiler", "boiler on: by hand, for 3,600 s more"),
            ],
            id="a person's starts do not count, and none is refused",
        ),
        pytest.param(
            replace(QUICK, max_starts_per_day=1),
            [
                Row("06-15 09:00", OFF),
                Row("06-15 09:10", SUN),
                Row("06-15 09:20", AUTO),
                Row("06-15 09:30", SUN, "boiler"),
                Row("06-15 09:40", DRAWN, "", f"{UNWANTED}; started 1 of 1 times today"),
            ],
            id="what the rules choose against a person is no start",
        ),
        pytest.param(
            replace(QUICK, max_starts_per_day=1, on_stale=OnStale.ON),
            [
                Row("06-15 09:00", None, "boiler"),
                Row("06-15 09:10", replace(DRAWN, fresh_for_s=15)),
                Row("06-15 09:20", None, "boiler"),
                Row("06-15 09:30", DRAWN),
                Row("06-15 09:40", SUN, "boiler"),
                Row("06-15 09:50", DRAWN, "", f"{UNWANTED}; started 1 of 1 times today"),
            ],
            id="safe states do not count",
        ),
        pytest.param(
            replace(QUICK, max_starts_per_day=1),
            [
                Row("06-15 23:00", SUN, "boiler"),
                Row("06-16 00:00", USED, "boiler"),
                Row("06-16 00:10", DRAWN),
                Row("06-16 00:20", SUN, "boiler"),
                Row("06-16 00:30", DRAWN),
                Row("06-16 00:40", SUN),
            ],
            id="what is on at midnight was started the day before",
        ),
    ],
)
def test_starts_of_a_day_are_limited(load: Load, story: list[Row]) -> None:
    """Those by the rules; days are those of the clock on the wall."""
    assert told(house(load), story) == story


@pytest.mark.parametrize(
    ("max_on_s", "story"),
    [
        pytest.param(
            3600,
            [
                Row("06-15 09:00", SUN, "boiler"),
                Row("06-15 09:59:50", USED, "boiler", STAYS),
                Row("06-15 10:00", USED, "", f"{WANTED}; max_on_per_day leaves 0 s today"),
                Row("06-15 12:00", DARK, "", f"{UNWANTED}; max_on_per_day leaves 0 s today"),
                Row("06-15 23:59:50", SUN),
                Row("06-16 00:00", SUN, "boiler", STAYS),
            ],
            id="reached, until the household's midnight",
        ),
        pytest.param(
            3600,
            [
                Row("06-15 09:00", SUN, "boiler"),
                Row("06-15 09:50", DRAWN),
                Row("06-15 10:10", SUN, "boiler"),
                Row("06-15 10:20", USED),
            ],
            id="what it leaves is enough for min_on",
        ),
        pytest.param(
            3600,
            [
                Row("06-15 09:00", SUN, "boiler"),
                Row("06-15 09:55", DRAWN),
                Row("06-15 10:10", SUN, "", f"{WANTED}; max_on_per_day leaves 300 s today"),
            ],
            id="it leaves less than min_on",
        ),
        pytest.param(
            3600,
            [
                Row("06-15 08:00", ON, "boiler"),
                Row("06-15 08:30", DRAWN, "boiler"),
                Row("06-15 09:00", AUTO),
                Row("06-15 09:10", SUN, "", f"{WANTED}; max_on_per_day leaves 0 s today"),
            ],
            id="time by hand counts",
        ),
        pytest.param(
            2700,
            [
                Row("06-15 23:30", SUN, "boiler"),
                Row("06-16 00:00", USED, "boiler"),
                Row("06-16 00:44:50", USED, "boiler"),
                Row("06-16 00:45", USED),
            ],
            id="each day has its own share of a time over midnight",
        ),
    ],
)
def test_time_on_of_a_day_is_limited(max_on_s: float, story: list[Row]) -> None:
    """With a min_on of 600 s."""
    assert told(house(replace(QUICK, max_on_per_day_s=max_on_s, min_on_s=600)), story) == story


# Two hours by six in the morning. `LOW` and `HIGH` are a house without sun in either tariff, `..._DRAWN` with the boiler on.
HOT = replace(QUICK, min_on_per_day_s=7200, by_min=360)
LOW, HIGH = (sent(500, actual_tariff_name=name) for name in ("night", "day"))
LOW_DRAWN, HIGH_DRAWN = (sent(2500, actual_tariff_name=name) for name in ("night", "day"))
ALL_LEFT = "120 of 120 guaranteed minutes are left until 06:00"
HALF_LEFT = "60 of 120 guaranteed minutes are left until 06:00"


@pytest.mark.parametrize(
    ("load", "story"),
    [
        pytest.param(
            HOT,
            [
                Row("06-15 22:00", LOW, "", f"{UNWANTED}; {ALL_LEFT}, later"),
                # 2 x 2 h + 1 h before 06:00
                Row("06-16 00:59:50", LOW, "", f"{UNWANTED}; {ALL_LEFT}, later"),
                Row("06-16 01:00", LOW, "boiler", f"boiler on: {ALL_LEFT}"),
                Row("06-16 02:00", LOW_DRAWN, "boiler", f"boiler on: {HALF_LEFT}"),
                Row("06-16 02:59:50", LOW_DRAWN, "boiler", "boiler on: 1 of 120 guaranteed minutes are left until 06:00"),
                Row("06-16 03:00", LOW_DRAWN, "", UNWANTED),
                Row("06-16 05:59:50", LOW, "", UNWANTED),
                Row("06-16 06:00", LOW, "", f"{UNWANTED}; {ALL_LEFT}, later"),
            ],
            id="in the low tariff from twice the rest and an hour before, and anew from then on",
        ),
        pytest.param(
            HOT,
            [
                # 2 h + 300 s before 06:00
                Row("06-16 03:54:50", HIGH, "", f"{UNWANTED}; {ALL_LEFT}, later"),
                Row("06-16 03:55", HIGH, "boiler", f"boiler on: {ALL_LEFT}"),
                Row("06-16 05:54:50", HIGH_DRAWN, "boiler"),
                Row("06-16 05:55", HIGH_DRAWN, "", UNWANTED),
            ],
            id="in the other tariff as late as possible",
        ),
        pytest.param(
            HOT,
            [
                Row("06-16 03:54:50", DARK, "", f"{UNWANTED}; {ALL_LEFT}, later"),
                Row("06-16 03:55", DARK, "boiler", f"boiler on: {ALL_LEFT}"),
                Row("06-16 05:55", DRAWN, "", UNWANTED),
            ],
            id="without tariffs as late as possible",
        ),
        pytest.param(
            replace(HOT, by_min=720),
            [
                Row("06-16 06:59:50", LOW),
                Row("06-16 07:00", LOW, "boiler"),
                # 90 min are left: in the other tariff 90 min and, once begun, 2 x 300 s before 12:00
                Row(
                    "06-16 07:30",
                    HIGH_DRAWN,
                    "",
                    f"{UNWANTED}; 90 of 120 guaranteed minutes are left until 12:00, later",
                ),
                Row("06-16 10:19:50", HIGH),
                Row("06-16 10:20", HIGH, "boiler"),
                Row("06-16 11:49:50", HIGH_DRAWN, "boiler"),
                Row("06-16 11:50", HIGH_DRAWN, "", UNWANTED),
            ],
            id="the tariff changes meanwhile",
        ),
        pytest.param(
            replace(HOT, by_min=720),
            [
                Row("06-15 06:59:50", LOW),
                Row("06-15 07:00", HIGH),
                Row("06-15 22:00", LOW, "", f"{UNWANTED}; 120 of 120 guaranteed minutes are left until 12:00, later"),
                # 2 x 2 h + 1 h before 07:00
                Row("06-16 01:59:50", LOW),
                Row("06-16 02:00", LOW, "boiler"),
                Row("06-16 03:59:50", LOW_DRAWN, "boiler"),
                Row("06-16 04:00", LOW_DRAWN, "", UNWANTED),
                Row("06-16 07:00", HIGH, "", UNWANTED),
                Row("06-16 11:50", HIGH, "", UNWANTED),
            ],
            id="before the low tariff ends, as it was seen to end the day before",
        ),
        pytest.param(
            replace(HOT, by_min=720, manual_timeout_s=86_400),
            [
                Row("06-19 06:59:50", LOW),
                Row("06-19 07:00", HIGH),
                Row("06-19 12:00", OFF),
                Row("06-20 06:00", LOW),
                Row("06-20 08:00", AUTO),
                Row("06-20 08:01", LOW, "boiler"),
                Row("06-20 10:01", LOW_DRAWN, "", UNWANTED),
            ],
            id="the low tariff lasts longer than it was seen to",
        ),
        pytest.param(
            replace(HOT, by_min=720),
            [
                Row("06-15 06:59:50", LOW),
                Row("06-15 07:00", DARK),
                # 2 x 2 h + 1 h before 12:00
                Row("06-16 06:59:50", LOW),
                Row("06-16 07:00", LOW, "boiler"),
            ],
            id="a tariff that is not told has not ended",
        ),
        pytest.param(
            HOT,
            [
                Row("06-15 12:00", SUN, "boiler", f"{STAYS}; {ALL_LEFT}, later"),
                Row("06-15 13:00", DRAWN, "", f"{UNWANTED}; {HALF_LEFT}, later"),
                # 2 x 1 h + 1 h before 06:00
                Row("06-16 02:59:50", LOW),
                Row("06-16 03:00", LOW, "boiler", f"boiler on: {HALF_LEFT}"),
                Row("06-16 04:00", LOW_DRAWN, "", UNWANTED),
            ],
            id="surplus first",
        ),
        pytest.param(
            HOT,
            [
                Row("06-15 12:00", SUN, "boiler"),
                Row("06-15 15:00", USED, "boiler", STAYS),
                Row("06-15 15:30", DRAWN, "", UNWANTED),
                Row("06-16 05:00", LOW, "", UNWANTED),
            ],
            id="the sun gave more than all of it",
        ),
        pytest.param(
            replace(HOT, off_delay_s=120),
            [
                Row("06-16 01:00", LOW, "boiler"),
                Row("06-16 02:59", LOW_DRAWN, "boiler"),
                Row("06-16 03:00", LOW_DRAWN, "", UNWANTED),
            ],
            id="reached, off without off_delay",
        ),
        pytest.param(
            HOT,
            [
                Row("06-16 01:00", LOW, "boiler"),
                Row("06-16 03:00", sent(0, actual_tariff_name="night"), "boiler", STAYS),
                Row("06-16 03:10", LOW_DRAWN, "", UNWANTED),
            ],
            id="reached, but its condition holds",
        ),
        pytest.param(
            replace(HOT, min_on_s=10_800),
            [
                Row("06-16 01:00", LOW, "boiler"),
                Row(
                    "06-16 03:00",
                    LOW_DRAWN,
                    "boiler",
                    "boiler on: surplus -500 W, off at less than 200 W; min_on lasts 3,600 s more",
                ),
                Row("06-16 04:00", LOW_DRAWN),
            ],
            id="reached before min_on",
        ),
        pytest.param(
            replace(HOT, on_when=None, off_when=None),
            [
                Row("06-16 00:59:50", LOW, "", f"boiler off: {ALL_LEFT}, later"),
                Row("06-16 01:00", LOW, "boiler", f"boiler on: {ALL_LEFT}"),
                Row("06-16 02:59:50", LOW_DRAWN, "boiler"),
                Row("06-16 03:00", LOW_DRAWN),
                Row("06-16 06:00", LOW, "", f"boiler off: {ALL_LEFT}, later"),
            ],
            id="without conditions",
        ),
        pytest.param(
            HOT,
            [
                Row("06-15 20:00", ON, "boiler"),
                Row("06-15 20:30", DRAWN, "boiler"),
                Row("06-15 21:00", AUTO),
                Row("06-16 02:59:50", LOW),
                Row("06-16 03:00", LOW, "boiler"),
                Row("06-16 04:00", LOW_DRAWN),
            ],
            id="time by hand counts",
        ),
        pytest.param(
            replace(HOT, manual_timeout_s=86_400),
            [
                Row("06-16 00:30", OFF),
                Row("06-16 01:00", LOW),
                Row("06-16 03:00", LOW),
                Row("06-16 03:10", AUTO, "", f"{UNWANTED}; {ALL_LEFT}"),
                Row("06-16 03:11", LOW, "boiler", f"boiler on: {ALL_LEFT}"),
                Row("06-16 05:10:50", LOW_DRAWN, "boiler"),
                Row("06-16 05:11", LOW_DRAWN),
            ],
            id="a person's choice comes first, then it begins",
        ),
        pytest.param(
            HOT,
            [
                Row("06-16 01:00", LOW, "boiler"),
                Row("06-16 02:00", replace(LOW_DRAWN, fresh_for_s=15), "boiler"),
                Row("06-16 02:00:15", None, "", "boiler off: no fresh telegram for 15 s"),
                Row("06-16 03:00", LOW, "boiler", f"boiler on: {HALF_LEFT}"),
                # it ran for 15 s more than an hour
                Row("06-16 03:59:40", LOW_DRAWN, "boiler"),
                Row("06-16 03:59:45", LOW_DRAWN),
            ],
            id="what is missing after a gap",
        ),
        pytest.param(
            HOT,
            [
                Row("06-16 05:00", DARK, "boiler"),
                Row("06-16 05:59:50", DRAWN, "boiler", "boiler on: 61 of 120 guaranteed minutes are left until 06:00"),
                Row("06-16 06:00", DRAWN, "", f"{UNWANTED}; {ALL_LEFT}, later"),
            ],
            id="what is missing then is not made up for",
        ),
        pytest.param(
            HOT,
            [
                Row("06-16 05:00", SUN, "boiler"),
                Row("06-16 06:00", USED, "boiler", f"{STAYS}; {ALL_LEFT}, later"),
                Row("06-16 07:00", DRAWN, "", f"{UNWANTED}; {HALF_LEFT}, later"),
            ],
            id="what runs then counts for the next day from then on",
        ),
    ],
)
def test_guaranteed_time_is_run_until_its_time_of_day(load: Load, story: list[Row]) -> None:
    """Two hours by 06:00, where nothing else is said."""
    assert told(house(load), story) == story


@pytest.mark.parametrize(
    ("load", "story"),
    [
        pytest.param(
            replace(HOT, hours=parse_hours("22:00-03:00", "")),
            [
                Row("06-15 21:59", LOW, "", f"{UNWANTED}; {ALL_LEFT}; outside its hours, which begin Mon 22:00"),
                Row("06-15 22:00", LOW, "boiler", f"boiler on: {ALL_LEFT}"),
                Row("06-16 00:00", LOW_DRAWN, "", UNWANTED),
            ],
            id="the low tariff: its hours are just as long as the head start",
        ),
        pytest.param(
            replace(HOT, hours=parse_hours("22:00-03:00", "")),
            [
                # 2 h + 300 s before 03:00
                Row("06-16 00:54", DARK, "", f"{UNWANTED}; {ALL_LEFT}, later"),
                Row("06-16 00:55", DARK, "boiler"),
                Row("06-16 02:55", DRAWN, "", UNWANTED),
            ],
            id="no tariff: as late as its hours allow",
        ),
        pytest.param(
            replace(HOT, hours=parse_hours("22:00-23:00, 05:00-06:00", "")),
            [
                Row("06-15 22:00", DARK, "boiler"),
                Row("06-15 23:00", DRAWN, "", f"{UNWANTED}; {HALF_LEFT}; outside its hours, which begin Tue 05:00"),
                Row("06-16 05:00", DARK, "boiler"),
                Row("06-16 06:00", DRAWN),
            ],
            id="two windows",
        ),
        pytest.param(
            replace(HOT, max_starts_per_day=2),
            [
                Row("06-16 00:00", SUN, "boiler"),
                Row("06-16 00:05", DRAWN),
                Row("06-16 00:10", SUN, "boiler"),
                Row("06-16 00:15", DRAWN),
                # 110 min are left: 2 x 110 min + 1 h before 06:00
                Row(
                    "06-16 01:20",
                    LOW,
                    "",
                    (f"{UNWANTED}; 110 of 120 guaranteed minutes are left until 06:00; started 2 of 2 times today"),
                ),
            ],
            id="no start is left for it",
        ),
    ],
)
def test_guaranteed_time_keeps_the_limits_of_its_load(load: Load, story: list[Row]) -> None:
    """It begins earlier where its hours end earlier."""
    assert told(house(load), story) == story


@pytest.mark.parametrize(
    ("load", "story"),
    [
        pytest.param(
            HOT,
            [
                # 06:00 is five hours after midnight.
                Row("03-28 23:59:50", LOW),
                Row("03-29 00:00", LOW, "boiler"),
                Row("03-29 01:59:50", LOW_DRAWN, "boiler"),
                Row("03-29 03:00", LOW_DRAWN),
                Row("03-29 06:00", LOW, "", f"{UNWANTED}; {ALL_LEFT}, later"),
            ],
            id="summer time begins",
        ),
        pytest.param(
            HOT,
            [
                # 06:00 is seven hours after midnight.
                Row("10-25 01:59:50+02:00", LOW),
                Row("10-25 02:00+02:00", LOW, "boiler"),
                Row("10-25 02:59:50+01:00", LOW_DRAWN, "boiler"),
                Row("10-25 03:00+01:00", LOW_DRAWN),
                Row("10-25 06:00", LOW, "", f"{UNWANTED}; {ALL_LEFT}, later"),
            ],
            id="summer time ends",
        ),
        pytest.param(
            replace(HOT, by_min=150),
            [
                # By the first 02:30. The second one, an hour later, ends nothing: the next is that of Monday.
                Row("10-25 00:25", DARK, "boiler"),
                Row("10-25 02:25+02:00", DRAWN),
                Row("10-25 02:30+02:00", DARK, "", f"{UNWANTED}; 120 of 120 guaranteed minutes are left until 02:30, later"),
                Row("10-25 02:25+01:00", DARK),
                Row("10-25 02:30+01:00", DARK),
                Row("10-26 00:24:50", DARK),
                Row("10-26 00:25", DARK, "boiler"),
            ],
            id="its time of day comes twice",
        ),
        pytest.param(
            replace(HOT, by_min=150),
            [
                # 02:30 is the moment that would be 02:30 without the change: 03:30.
                Row("03-29 00:24:50", DARK),
                Row("03-29 00:25", DARK, "boiler"),
                Row("03-29 03:24:50", DRAWN, "boiler"),
                Row("03-29 03:25", DRAWN),
            ],
            id="its time of day does not come",
        ),
        pytest.param(
            replace(HOT, hours=parse_hours("22:00-02:00", "")),
            [
                # 2 h + 300 s before 02:00, of a night of which five hours are left then
                Row("10-24 23:54", DARK),
                Row("10-24 23:55", DARK, "boiler"),
                Row("10-25 01:55", DRAWN),
            ],
            id="summer time ends outside of its hours",
        ),
        pytest.param(
            replace(HOT, hours=parse_hours("22:00-02:00", "")),
            [
                Row("03-28 23:54", DARK),
                Row("03-28 23:55", DARK, "boiler"),
                Row("03-29 01:55", DRAWN),
            ],
            id="summer time begins outside of its hours",
        ),
    ],
)
def test_guaranteed_time_is_real_time_where_the_clock_changes(load: Load, story: list[Row]) -> None:
    """In Brussels, on the last Sundays of March and October at 01:00 UTC."""
    assert told(house(load), story) == story


def test_a_reached_guarantee_is_said_where_nothing_else_is() -> None:
    """No sentence is empty."""
    load = replace(HOT, on_when=None, off_when=None)
    story = [
        Row("06-16 01:00", LOW, "boiler"),
        Row("06-16 03:00", LOW_DRAWN, "", "boiler off: its 120 guaranteed minutes until 06:00 are reached"),
    ]
    assert told(house(load), story) == story


@pytest.mark.parametrize(
    ("load", "story"),
    [
        pytest.param(
            replace(HOT, on_when=None, off_when=None),
            [Row("06-16 05:00", DARK, "boiler"), Row("06-16 06:00", DRAWN), Row("06-16 12:00", DARK)],
            id="without conditions, at its time of day",
        ),
        pytest.param(
            HOT,
            # 1,000 W of surplus are too little to go on and too much to go off.
            [Row("06-16 05:00", sent(-1000), "boiler"), Row("06-16 06:00", sent(1000))],
            id="with conditions of which neither holds, at its time of day",
        ),
        pytest.param(
            replace(HOT, on_when=None, off_when=None, on_stale=OnStale.ON),
            [Row("06-15 20:00", None, "boiler"), Row("06-15 20:00:10", DRAWN, "", f"boiler off: {ALL_LEFT}, later")],
            id="without conditions, after its safe state was on",
        ),
    ],
)
def test_a_load_goes_off_that_only_its_guarantee_had_on(load: Load, story: list[Row]) -> None:
    """Or a load without conditions would stay on for ever."""
    assert told(house(load), story) == story
