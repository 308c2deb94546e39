"""Days in a house that can be reckoned by hand: exactly these switches, each with its sum, and what the day adds up to.

A telegram comes every 10 s and shows what was switched at the one before. The house draws 300 W besides what is said.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from relay_controller.conditions import parse_condition
from relay_controller.load import Load, PeakRule, Plant
from tests.support.house_model import ZONE, House

BASE_W = 300
BOILER = Load(
    "boiler",
    on_when=parse_condition("surplus > 2200 W"),
    off_when=parse_condition("surplus < 1900 W"),
    on_delay_s=60,
    off_delay_s=120,
    min_on_s=600,
    min_off_s=300,
    min_on_per_day_s=7200,
    by_min=360,
    power_w=2000,
    priority=1,
)
HEATER = replace(
    BOILER,
    name="heater",
    on_when=parse_condition("surplus > 1200 W"),
    off_when=parse_condition("surplus < 900 W"),
    min_on_s=300,
    min_on_per_day_s=0,
    by_min=0,
    power_w=1000,
    priority=2,
)


def seconds(text: str) -> int:
    """Give the seconds of `06:30` or `06:30:10`."""
    hours, minutes, rest = (*map(int, text.split(":")), 0)[:3]
    return hours * 3600 + minutes * 60 + rest


def drawn_w(wall: datetime, devices: Mapping[tuple[str, str], int]) -> int:
    """Give what the house draws at a time, with devices that are on from one time to another."""
    at_s = seconds(f"{wall:%H:%M:%S}")
    return BASE_W + sum(power_w for (begin, end), power_w in devices.items() if seconds(begin) <= at_s < seconds(end))


def sun_w(wall: datetime) -> int:
    """Give the sun of a summer's day: 3 W more every 10 s from 06:00 to 11:00, 5,400 W, then less from 15:00 to 20:00.

    A cloud leaves 1,000 W from 13:00 to 13:20.
    """
    at_s = seconds(f"{wall:%H:%M:%S}")
    if seconds("13:00") <= at_s < seconds("13:20"):
        return 1000
    return max(0, min(5400, (at_s - seconds("06:00")) * 3 // 10, (seconds("20:00") - at_s) * 3 // 10))


def test_a_summers_day() -> None:
    """Surplus for both loads, a limit of 3 kW less 150 W, and a night in which the sun has done what is guaranteed."""
    devices = {("07:30", "07:35"): 2200, ("17:30", "17:50"): 3500}  # a kettle, an oven
    plant = Plant((BOILER, HEATER), settle_s=10, peak=PeakRule(3.0), zone=ZONE)
    house = House(plant, lambda wall: drawn_w(wall, devices) - sun_w(wall))
    state = house.live("06-15 00:00", "06-16 06:00")  # from a Monday
    assert house.switched == [
        # In the low tariff, 2 x 2 h + 1 h before 06:00; two hours.
        "01:00:00 CEST boiler on",
        "03:00:00 CEST boiler off",
        # sun - 300 > 1,200: 1,503 W after 5,010 s at 07:23:30, and 60 s
        "07:24:30 CEST heater on",
        # Kettle: 1,620 - 300 - 2,200 < 900 at 07:30:00, and 120 s; min_on was over at 07:29:30
        "07:32:00 CEST heater off",
        # 1,710 - 300 > 1,200 at 07:35:00, and 60 s; but min_off lasts until 07:37:00
        "07:37:00 CEST heater on",
        # sun - 300 > 2,200, for the boiler may take over from the heater: 2,502 W after 8,340 s at 08:19:00, and 60 s
        "08:20:00 CEST boiler on",
        # sun - 300 - 2,000 < 900: 223 W at 08:20:10, and 120 s
        "08:22:10 CEST heater off",
        # sun - 300 - 2,000 > 1,200: 3,501 W after 11,670 s at 09:14:30, and 60 s
        "09:15:30 CEST heater on",
        # Cloud: 1,000 - 2,300 < 900 and 1,000 - 300 < 1,900 at 13:00:00, and 120 s; the least important one first
        "13:02:00 CEST heater off",
        "13:02:10 CEST boiler off",
        # 5,400 - 300 is enough for both at 13:20:00, and 60 s; the most important one first
        "13:21:00 CEST boiler on",
        "13:21:10 CEST heater on",
        # sun - 300 - 2,000 < 900: 3,198 W 10,660 s before 20:00 at 17:02:20, and 120 s
        "17:04:20 CEST heater off",
        # Oven: 300 + 2,000 + 3,500 - 2,700 = 3,100 W all quarter would be above 2,850 W.
        "17:30:00 CEST boiler off",
        # It is off: 2,340 - 300 is enough for the heater only at 17:50:00, and 60 s
        "17:51:00 CEST heater on",
        # sun - 300 < 900: 1,197 W 3,990 s before 20:00 at 18:53:30, and 120 s
        "18:55:30 CEST heater off",
        # At 01:00 the boiler has run since 06:00 what is guaranteed.
    ]
    assert house.on_s == {
        "boiler": seconds("10:51:10"),  # 2:00:00 + 4:42:10 + 4:09:00
        "heater": seconds("09:26:50"),  # 0:07:30 + 0:45:10 + 3:46:30 + 3:43:10 + 1:04:30
    }
    assert round(house.highest_kw, 3) == 2.3  # the boiler at night
    starts = [sum(f"{name} on" in line for line in house.switched) for name in house.on_s]
    assert (starts, [one.counters.starts for one in state.loads.values()]) == ([3, 5], [0, 0])  # none on the new day


def test_a_winters_night_with_a_car() -> None:
    """No sun; a car that is charged takes the room twice, and two hours are run by 06:00 all the same. A limit of 4 kW."""
    devices = {("01:20", "02:40"): 3000, ("03:00", "04:30"): 3000, ("05:05", "05:08"): 2000}  # the car, the car, a kettle
    plant = Plant((BOILER, HEATER), settle_s=10, peak=PeakRule(4.0), zone=ZONE)
    house = House(plant, lambda wall: drawn_w(wall, devices))
    state = house.live("01-14 20:00", "01-15 05:59:50")  # from a Wednesday
    assert house.switched == [
        # In the low tariff, 2 x 2 h + 1 h before 06:00.
        "01:00:00 CET boiler on",
        # Car: 2,300 W for 5 min and 5,300 W for 10 min would average 4,300 W, more than 3,850 W.
        "01:20:00 CET boiler off",
        # It is gone: 3,300 W for 10 min and 2,300 W for 5 min average 2,967 W. 20 min have run, 100 min are left.
        "02:40:00 CET boiler on",
        # Car: 5,300 W all quarter.
        "03:00:00 CET boiler off",
        # It is gone, and 80 min are left. Kettle: 2,300 W, for 10 min of it at most 4,300 W, average 3,633 W.
        "04:30:00 CET boiler on",
        "05:50:00 CET boiler off",
    ]
    assert house.on_s == {"boiler": seconds("02:00:00"), "heater": 0}
    assert round(house.highest_kw, 3) == 3.3  # the car alone
    assert {name: one.counters.starts for name, one in state.loads.items()} == {"boiler": 3, "heater": 0}


def test_the_low_tariff_is_used_once_it_is_known_when_it_ends() -> None:
    """No sun, and two hours by 12:00. The first day tells that the low tariff ends at 07:00."""
    plant = Plant((replace(BOILER, by_min=720),), zone=ZONE)
    house = House(plant, lambda wall: drawn_w(wall, {}))
    house.live("06-15 06:00", "06-16 22:00")  # from a Monday
    assert house.switched == [
        # 07:00 is later than 2 x 2 h + 1 h before 12:00, so it has to be the high tariff: 2 h + 300 s before
        "09:55:00 CEST boiler on",
        "11:55:00 CEST boiler off",
        # 2 x 2 h + 1 h before 07:00
        "02:00:00 CEST boiler on",
        "04:00:00 CEST boiler off",
    ]


def test_the_night_in_which_summer_time_ends() -> None:
    """02:00 to 03:00 comes twice: two hours from the first 02:00 on end at 03:00. A limit of 3 kW less 150 W."""
    heater = replace(HEATER, on_when=None, off_when=None, min_on_per_day_s=3600, by_min=300)
    plant = Plant((BOILER, heater), settle_s=10, peak=PeakRule(3.0), zone=ZONE)
    house = House(plant, lambda wall: drawn_w(wall, {("11:00", "11:30"): 2000}))
    state = house.live("10-24 20:00", "10-25 12:00")  # from a Saturday: the low tariff
    assert house.switched == [
        # 2 x 2 h + 1 h before 06:00
        "02:00:00 CEST boiler on",
        # The heater would begin 2 x 1 h + 1 h before 05:00, at 02:00 CET, but 300 + 2,000 + 1,000 W are more than 2,850 W.
        "03:00:00 CET boiler off",
        # and settling
        "03:00:10 CET heater on",
        "04:00:10 CET heater off",
    ]
    assert house.on_s == {"boiler": seconds("02:00"), "heater": seconds("01:00")}
    assert round(house.highest_kw, 3) == 2.3  # the boiler, and later 2,000 W of the house
    assert {name: one.counters.starts for name, one in state.loads.items()} == {"boiler": 1, "heater": 1}
