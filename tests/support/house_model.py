"""A house for decisions: stories on its clock, and whole days in which what is on adds to what the meter tells.

The household lives in Brussels in 2026. The monotonic clock shows Unix time, so that times need no reckoning.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from common.payload import Reading
from relay_controller.decide import decide, initial
from relay_controller.events import Command, Telegram
from relay_controller.load import Plant
from relay_controller.reason import reason_of
from relay_controller.state import State

ZONE = ZoneInfo("Europe/Brussels")
QUARTER_S = 900
_STALE_AFTER_S = 15.0
_TWO_DAYS_S = 172_800.0


def local(text: str) -> datetime:
    """Read `06-15 09:00`, maybe with seconds, of the clock on the wall; `10-25 02:30+01:00` is unique where it comes twice."""
    at = datetime.fromisoformat(f"2026-{text}")
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a meter sends, before it is stamped. It counts for two days unless told otherwise: a few of them make a story."""

    fields: Mapping[str, object]
    fresh_for_s: float = _TWO_DAYS_S
    learned_w: Mapping[str, float] = field(default_factory=dict)

    def at(self, moment: datetime) -> Telegram:
        """Give the telegram of a moment."""
        fields = {"timestamp": moment.astimezone(ZONE).isoformat(), **self.fields}
        return Telegram(Reading("home", moment.astimezone(UTC), 1, fields), self.fresh_for_s, self.learned_w)


def sent(net_w: int, **more: object) -> Sent:
    """Give a telegram with a net power, told as import or injection too, and with more fields."""
    fields: dict[str, object] = {"net_power": net_w, "actual_total_consumption": max(0, net_w) / 1000}
    return Sent({**fields, **more})


class Row(NamedTuple):
    """A moment of a story: what happens then, the loads that are on afterwards, and maybe what one of them says."""

    at: str
    event: Sent | Command | None
    on: str = ""  # names between blanks, in the plant's order
    says: str = ""  # `boiler off: ...`


def told(plant: Plant, story: Sequence[Row]) -> list[Row]:
    """Play a story; give it as it went, to be compared with what it should be."""
    state, went = initial(plant), []
    for row in story:
        moment = local(row.at)
        now_s = moment.timestamp()
        event = row.event.at(moment) if isinstance(row.event, Sent) else row.event
        state, _ = decide(plant, state, event, now_s)
        names = " ".join(load.name for load in plant.loads if state.loads[load.name].on)
        asked = [load for load in plant.loads if row.says.startswith(f"{load.name} ")]
        says = [f"{load.name} {reason_of(plant, load, state, now_s)}" for load in asked]
        went.append(row._replace(on=names, says=" ".join(says)))
    return went


@dataclass(slots=True)
class House:
    """A plant in a house: what draws power besides the loads, and a meter that sends a telegram every 10 s."""

    plant: Plant
    house_w: Callable[[datetime], int]  # net power without the loads, on the clock of the wall
    switched: list[str] = field(default_factory=list)  # `01:00:00 CEST boiler on`
    on_s: dict[str, int] = field(default_factory=dict)
    highest_kw: float = 0.0  # of the quarters that are over
    _demand_kws: float = field(default=0.0, init=False)  # drawn in the running quarter

    def live(self, begin: str, end: str) -> State:
        """Let the house live from one time to just before another, from the first start on."""
        step_s, state = 10, initial(self.plant)
        self.on_s = dict.fromkeys(state.loads, 0)
        for at_s in range(int(local(begin).timestamp()), int(local(end).timestamp()), step_s):
            wall = datetime.fromtimestamp(at_s, ZONE)
            if at_s % QUARTER_S == 0:
                self.highest_kw, self._demand_kws = max(self.highest_kw, self._demand_kws / QUARTER_S), 0.0
            state, switches = decide(self.plant, state, self._telegram(state, wall), at_s)
            self.switched += [f"{wall:%H:%M:%S %Z} {switch.load} {'on' if switch.on else 'off'}" for switch in switches]
            self._demand_kws += max(0, self._net_w(state, wall)) / 1000 * step_s
            for name, one in state.loads.items():
                self.on_s[name] += step_s if one.on else 0
        self.highest_kw = max(self.highest_kw, self._demand_kws / QUARTER_S)
        return state

    def _telegram(self, state: State, wall: datetime) -> Telegram:
        is_low = wall.hour >= 22 or wall.hour < 7 or wall.weekday() >= 5
        tells = sent(
            self._net_w(state, wall),
            average_demand=round(self._demand_kws / QUARTER_S, 3),
            actual_tariff_name="night" if is_low else "day",
        )
        return Sent(tells.fields, _STALE_AFTER_S).at(wall)

    def _net_w(self, state: State, wall: datetime) -> int:
        return self.house_w(wall) + sum(int(load.power_w or 0) for load in self.plant.loads if state.loads[load.name].on)
