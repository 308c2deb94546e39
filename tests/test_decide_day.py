"""Whole days in a house whose curves can be reckoned by hand: the exact times of all switches, and what the day adds up to."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.payload import Reading
from relay_controller.conditions import parse_condition
from relay_controller.decide import decide
from relay_controller.events import Telegram
from relay_controller.hours import parse_hours
from relay_controller.load import Load, PeakRule, Plant
from relay_controller.memory import Memory, memory_of, recalled
from relay_controller.memory_text import memory_from, text_of
from relay_controller.state import State, next_due_s

ZONE = ZoneInfo("Europe/Brussels")
STALE_AFTER_S = 15.0
QUARTER_S = 900
BASE_W = 240  # what the house draws all day

BOILER = Load(
    "boiler",
    on_when=parse_condition("surplus > 2 kW"),
    off_when=parse_condition("surplus < 400 W"),
    on_delay_s=60,
    off_delay_s=120,
    min_on_s=300,
    min_off_s=300,
    min_on_per_day_s=3600,
    by_min=360,
    power_w=2000,
)
HEATER = replace(
    BOILER, name="heater", on_when=parse_condition("surplus > 1 kW"), min_on_per_day_s=0, by_min=0, power_w=1000, priority=2
)


def clock(text: str) -> int:
    """Give the seconds since midnight of `06:30` or `06:30:10`."""
    hours, minutes, seconds = (*map(int, text.split(":")), 0)[:3]
    return hours * 3600 + minutes * 60 + seconds


def low_tariff(wall: datetime) -> bool:
    """Tell whether it is the low tariff: from 22:00 to 07:00, and at the weekend."""
    return wall.hour >= 22 or wall.hour < 7 or wall.weekday() >= 5


@dataclass(slots=True)
class House:
    """A house without its loads, and a meter that adds up what they draw together."""

    plant: Plant
    house_w: Callable[[int], int]  # power at so many seconds since midnight of the wall clock
    sends_average: bool = True
    idle: AbstractSet[str] = frozenset()  # loads that draw nothing
    switched: list[str] = field(default_factory=list)
    highest_kw: float = 0.0  # of the quarters that are over
    average_kw: float = 0.0

    def live(self, state: State, begin: datetime, end: datetime, every_s: int) -> State:
        """Let telegrams come from `begin` on, before `end`; the monotonic clock shows Unix time."""
        at_s, end_s = int(begin.timestamp()), int(end.timestamp())
        while at_s < end_s:
            wall = datetime.fromtimestamp(at_s, ZONE)
            net_w = self._net_w(state, wall)
            fields: dict[str, object] = {
                "timestamp": wall.isoformat(),
                "net_power": net_w,
                "actual_total_consumption": max(0, net_w) / 1000,
                "actual_tariff_name": "night" if low_tariff(wall) else "day",
            }
            if self.sends_average:
                fields["average_demand"] = round(self.average_kw, 3)
            telegram = Telegram(Reading("home", wall.astimezone(UTC), 1, fields), STALE_AFTER_S)
            state, switches = decide(self.plant, state, telegram, at_s)
            assert next_due_s(state) == at_s + STALE_AFTER_S
            self.switched += [f"{wall:%H:%M:%S} {one.load} {'on' if one.on else 'off'}" for one in switches]
            self.average_kw += max(0, self._net_w(state, wall)) / 1000 * every_s / QUARTER_S
            at_s += every_s
            if at_s % QUARTER_S == 0:
                self.highest_kw, self.average_kw = max(self.highest_kw, self.average_kw), 0.0
        return state

    def _net_w(self, state: State, wall: datetime) -> int:
        since_midnight_s = wall.hour * 3600 + wall.minute * 60 + wall.second
        loads_w = sum(
            int(load.power_w or 0) for load in self.plant.loads if state.loads[load.name].on and load.name not in self.idle
        )
        return self.house_w(since_midnight_s) + loads_w


def local(text: str) -> datetime:
    """Read a time of the household's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def start(plant: Plant, begin: datetime) -> State:
    """Give the state at the first start of all."""
    return recalled(plant, Memory(), begin.timestamp(), begin)


def today(state: State, end: datetime) -> dict[str, tuple[int, float]]:
    """Give each load's starts and seconds on of the day so far."""
    return {name: (one.counters.starts, one.counters.today_s(end.timestamp())) for name, one in state.loads.items()}


# A sunny day: 2 W more every 10 s from 06:00 to 13:00 (5,040 W), then 2 W less until 20:00; clouds leave some of it.
CLOUDS_W = {("11:00", "11:10"): 1200, ("12:00", "12:06"): 400}
APPLIANCES_W = {
    ("13:30", "13:32:30"): 2400,  # a large kettle
    ("14:00", "14:01:50"): 2400,  # a kettle
    ("18:00", "18:20"): 3000,  # cooking
}


def sunny_w(at_s: int) -> int:
    """Give the power of the house on the sunny day."""
    rising_s, falling_s = at_s - clock("06:00"), clock("20:00") - at_s
    sun_w = max(0, min(rising_s, falling_s) // 5)
    for (begin, end), left_w in CLOUDS_W.items():
        if clock(begin) <= at_s < clock(end):
            sun_w = left_w
    return BASE_W - sun_w + sum(power_w for (begin, end), power_w in APPLIANCES_W.items() if clock(begin) <= at_s < clock(end))


def test_a_sunny_day_has_exactly_these_switches() -> None:
    """Telegrams every 10 s. The heater comes after the boiler, and the limit of 3 kW has a margin of 150 W."""
    plant = Plant((BOILER, HEATER), settle_s=10, peak=PeakRule(3.0), zone=ZONE)
    house = House(plant, sunny_w)
    begin, end = local("2026-06-15T00:00"), local("2026-06-16T00:00")  # a Monday
    state = house.live(start(plant, begin), begin, end, every_s=10)
    assert house.switched == [
        # In the low tariff the guaranteed hour begins 2 x 1 h + 1 h before 06:00.
        "03:00:00 boiler on",
        "04:00:00 boiler off",
        # sun - 240 > 1,000: sun 1,242 W at 07:43:30, for 60 s
        "07:44:30 heater on",
        # sun - 240 > 2,000, for what the heater draws counts for the boiler: sun 2,242 W at 09:06:50, for 60 s
        "09:07:50 boiler on",
        # sun - 2,240 is 16 W at 09:08:00, less than 400, for 120 s
        "09:10:00 heater off",
        # sun - 2,240 > 1,000: sun 3,242 W at 10:30:10, for 60 s
        "10:31:10 heater on",
        # A cloud leaves 1,200 W: 1,200 - 2,240 < 400 for the heater, 1,200 - 240 > 400 for the boiler.
        "11:02:00 heater off",
        # It is gone at 11:10:00: 3,720 - 2,240 > 1,000, for 60 s.
        "11:11:00 heater on",
        # 400 W are too little for both after 120 s, one every 10 s, and draw 2,840 W of 2,850 until then.
        "12:02:00 heater off",
        "12:02:10 boiler off",
        # The sun is back at 12:06:00; both wait for 60 s and then for min_off, 300 s, the heater less long.
        "12:07:00 heater on",
        "12:07:10 boiler on",
        # The large kettle leaves 4,680 - 2,240 - 2,400 = 40 W for the heater and 2,040 W for the boiler, for 150 s.
        "13:32:00 heater off",
        # Enough sun for 60 s at 13:33:30, but min_off is 300 s. The kettle at 14:00 takes 110 s, less than off_delay.
        "13:37:00 heater on",
        # sun - 2,240 < 400: sun 2,638 W at 16:20:10, for 120 s
        "16:22:10 heater off",
        # Cooking: 240 + 2,000 + 3,000 - 1,440 = 3,800 W all quarter would be above 2,850. At 18:20 the sun has 1,200 W.
        "18:00:00 boiler off",
    ]
    # boiler: 1:00:00 + 2:54:20 + 5:52:50; heater: 1:25:30 + 0:30:50 + 0:51:00 + 1:25:00 + 2:45:10
    assert today(state, end - timedelta(seconds=10)) == {
        "boiler": (3, clock("09:47:10")),
        "heater": (5, clock("06:57:30")),
    }
    assert round(house.highest_kw, 3) == 2.24  # the boiler at night


# A winter's night without sun, in the low tariff.
WINTER = Plant((replace(BOILER, min_on_per_day_s=3 * 3600),), settle_s=10, peak=PeakRule(4.0), zone=ZONE)
WINTER_W = {("23:30", "23:50"): 2500, ("01:05", "01:08"): 2200}  # an oven, a kettle


def winter_w(at_s: int) -> int:
    """Give the power of the house in that night."""
    return BASE_W + sum(power_w for (begin, end), power_w in WINTER_W.items() if clock(begin) <= at_s < clock(end))


@pytest.mark.parametrize(
    ("every_s", "sends_average"),
    [
        pytest.param(10, True, id="every 10 s"),
        pytest.param(10, False, id="every 10 s, of a meter that does not tell the average"),
        pytest.param(1, True, id="every second"),
    ],
)
def test_in_a_winters_night_the_guarantee_does_it_all(every_s: int, *, sends_average: bool) -> None:
    """Three hours by 06:00; the guard interrupts them while the oven is on."""
    house = House(WINTER, winter_w, sends_average)
    begin, end = local("2026-01-14T22:50"), local("2026-01-15T02:40")
    state = house.live(start(WINTER, begin), begin, end, every_s)
    assert house.switched == [
        # 2 x 3 h + 1 h before 06:00
        "23:00:00 boiler on",
        # 240 + 2,000 + 2,500 = 4,740 W all quarter would be above 3,850.
        "23:30:00 boiler off",
        # Not at 23:45, with the oven still on; at 23:50 the quarter has (5 x 2.74 + 10 x 2.24) / 15 = 2.41 kW.
        # Nor does the kettle break anything: at 01:05 it is 2.24 x 5 / 15 + 4.44 x 10 / 15 = 3.71 kW.
        "23:50:00 boiler on",
        # 30 min before and 150 min now
        "02:20:00 boiler off",
    ]
    assert today(state, end - timedelta(seconds=every_s)) == {"boiler": (0, clock("02:20"))}
    assert round(house.highest_kw, 2) == 2.74  # the oven alone, from 23:30 on


def test_a_restart_costs_the_guarantee_nothing() -> None:
    """What ran counts; the time without a controller is made up for."""
    house = House(WINTER, winter_w)
    begin, end = local("2026-01-14T22:50"), local("2026-01-15T02:40")
    state = house.live(start(WINTER, begin), begin, local("2026-01-15T00:30"), every_s=10)
    stop_s = local("2026-01-15T00:29:50").timestamp() + 4  # four seconds after the last telegram
    text = text_of(memory_of(state, {}, stop_s, datetime.fromtimestamp(stop_s, UTC)))
    again = local("2026-01-15T00:31")
    state = recalled(WINTER, memory_from(text), again.timestamp(), again)
    house.switched.append("started again")
    house.live(state, again, end, every_s=10)
    assert house.switched == [
        "23:00:00 boiler on",
        "23:30:00 boiler off",
        "23:50:00 boiler on",
        "started again",
        "00:31:00 boiler on",
        # 30:00 and 39:54 have run; 3:00:00 - 1:09:54 = 1:50:06 later, at the next telegram
        "02:21:10 boiler off",
    ]


def test_the_night_in_which_the_clock_goes_back_is_an_hour_longer() -> None:
    """Durations are real ones, hours those of the clock on the wall: 02:00 to 03:00 comes twice."""
    lamp = Load(
        "lamp",
        on_when=parse_condition("net_power > -99 kW"),
        off_when=parse_condition("net_power < -99 kW"),
        on_delay_s=0,
        hours=parse_hours("02:00-03:00", "sun"),
        power_w=100,
        priority=3,
    )
    plant = Plant(
        (
            replace(BOILER, min_on_per_day_s=3 * 3600),
            replace(HEATER, min_on_per_day_s=1800, by_min=150, priority=2),
            lamp,
        ),
        settle_s=10,
        zone=ZONE,
    )
    house = House(plant, lambda _: BASE_W)
    begin, end = local("2026-10-24T20:00"), local("2026-10-25T12:00")  # the clock goes back on Sunday, at 03:00
    assert (end.timestamp() - begin.timestamp()) / 3600 == 17
    state = house.live(start(plant, begin), begin, end, every_s=10)
    assert house.switched == [
        # 2 x 3 h + 1 h before 06:00 of winter time
        "00:00:00 boiler on",
        # 2 x 30 min + 1 h before 02:30, which is the first one, still of summer time
        "00:30:00 heater on",
        "01:00:00 heater off",
        "02:00:00 lamp on",
        # three hours after midnight: the second 02:00
        "02:00:00 boiler off",
        # two hours later
        "03:00:00 lamp off",
    ]
    assert today(state, end) == {"boiler": (1, clock("03:00")), "heater": (1, clock("00:30")), "lamp": (1, clock("02:00"))}


def test_a_load_that_draws_nothing_makes_no_room_again_and_again() -> None:
    """Its thermostat is satisfied: without it there is no more room than with it."""
    always = replace(
        BOILER,
        on_when=parse_condition("net_power < 99 kW"),
        off_when=parse_condition("net_power > 99 kW"),
        min_on_per_day_s=0,
        by_min=0,
    )
    plant = Plant((always, replace(always, name="heater", power_w=1000, priority=2)), peak=PeakRule(3.0), zone=ZONE)
    house = House(plant, lambda _: 1500, idle={"heater"})
    begin, end = local("2026-06-15T10:00"), local("2026-06-15T13:00")
    house.live(start(plant, begin), begin, end, every_s=3)
    assert len(house.switched) <= 4
