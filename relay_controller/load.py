"""What a load is: its rules, its safe state and the relay behind it, as the settings describe them."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import Enum

from relay_controller.conditions import PEAK_FORECAST, PEAK_LIMIT, SURPLUS, Condition, Values
from relay_controller.hours import ALWAYS, Hours

_SENT_FOR = {SURPLUS: "net_power", PEAK_FORECAST: "net_power", PEAK_LIMIT: "net_power"}  # computed -> the telegram's field


class OnStale(Enum):
    """What a load does without fresh telegrams."""

    OFF = "off"
    ON = "on"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Pin:
    """A pin of this machine, by its BCM number."""

    number: int
    active_low: bool


@dataclass(frozen=True, slots=True)
class RemoteRelay:
    """Another maker's relay behind the broker; `state_topic` is empty if it does not tell its state."""

    command_topic: str
    on_payload: str
    off_payload: str
    state_topic: str = ""
    state_key: str = ""  # of a JSON object on `state_topic`; empty: the payload itself is the state
    state_on: str = ""  # what it says when it is on; empty: `on_payload`
    state_off: str = ""
    lease_s: float = 0.0  # after which it goes off by itself, unless it is switched on again; 0: it does not


@dataclass(frozen=True, slots=True)
class Load:
    """One load. `relay` is None where nothing is switched; conditions are None where only a person switches it.

    Limits of a day are 0 where there is none.
    """

    name: str
    relay: Pin | RemoteRelay | None = None
    on_when: Condition | None = None
    off_when: Condition | None = None
    on_delay_s: float = 60.0
    off_delay_s: float = 120.0
    min_on_s: float = 300.0
    min_off_s: float = 300.0
    hours: Hours = ALWAYS
    max_starts_per_day: int = 0
    max_on_per_day_s: float = 0.0
    min_on_per_day_s: float = 0.0  # in the 24 hours that end at `by_min`
    by_min: int = 0  # minutes since midnight
    power_w: float | None = None  # what it draws; None: what was learned, if anything was
    priority: int = 1
    on_stale: OnStale = OnStale.OFF
    manual_timeout_s: float = 3600.0
    shadow: bool = False
    # What follows from the above, told once because each telegram asks for it:
    fields: frozenset[str] = field(init=False, compare=False, repr=False)  # that its conditions ask for
    has_rules: bool = field(init=False, compare=False, repr=False)  # anything but a person and the safe state switches it
    has_hours: bool = field(init=False, compare=False, repr=False)  # its rules look at the clock to switch it off

    def __post_init__(self) -> None:
        """Derive the last fields."""
        rules = (rule.fields for rule in (self.on_when, self.off_when) if rule is not None)
        object.__setattr__(self, "fields", frozenset().union(*rules))
        object.__setattr__(self, "has_rules", self.on_when is not None or self.min_on_per_day_s > 0)
        object.__setattr__(self, "has_hours", self.max_on_per_day_s > 0 or not self.hours.is_always)

    @property
    def safe_on(self) -> bool:
        """The safe state at start, at stop and after a crash, where `hold` means off (contract, promise 4)."""
        return self.on_stale is OnStale.ON

    def missing(self, values: Values, *, is_guarded: bool = False) -> tuple[str, ...]:
        """Give the telegram's fields without which the rules cannot be followed, because one of them could never hold.

        The peak guard, where there is one, must know what is drawn.
        """
        is_blind = is_guarded and values(PEAK_FORECAST) is None
        if not is_blind:
            for name in self.fields:  # a plain loop: each telegram goes through it
                if values(name) is None:
                    break
            else:
                return ()
        names = [name for rule in (self.on_when, self.off_when) if rule is not None for name in rule.missing(values)]
        if is_blind:
            names.append(PEAK_FORECAST)
        return tuple(dict.fromkeys(_SENT_FOR.get(name, name) for name in names))

    @property
    def mend(self) -> str:
        """What to write where rules have nothing to switch; empty where they have, or where there are none.

        Without rules a load may stand for itself: a person commands it, and somebody else's program follows its state.
        """
        if self.relay is not None or self.shadow or not self.has_rules:
            return ""
        return "write driver = gpio and, on a line of its own, pin = ..., or shadow = yes"

    @property
    def description(self) -> str:
        """Relay and rules in a line, for the log."""
        relay, rules = "nothing is switched", "by hand only"
        if self.shadow:
            relay = "shadow mode, nothing is switched"
        elif self.relay is not None:
            relay = f"pin {self.relay.number}" if isinstance(self.relay, Pin) else self.relay.command_topic
        if self.on_when is not None and self.off_when is not None:
            rules = f"on when {self.on_when.text}; off when {self.off_when.text}"
        elif self.has_rules:
            rules = f"on for {self.min_on_per_day_s:,.0f} s a day"
        return f"{relay}; {rules}"


@dataclass(frozen=True, slots=True)
class PeakRule:
    """The quarter-hour peak that loads may not break: `limit_kw`, or where that is None the peak that this month has."""

    limit_kw: float | None
    margin_kw: float = 0.15


@dataclass(frozen=True, slots=True)
class Plant:
    """All loads, and the seconds between two automatic switches that let the effect of the first one be seen."""

    loads: tuple[Load, ...]  # by priority: the first one is the first to go on and the last to go off
    settle_s: float = 10.0
    peak: PeakRule | None = None
    zone: tzinfo = UTC  # of the household's clock

    @property
    def needs_quarter(self) -> bool:
        """Whether anything looks at the running quarter-hour."""
        return self.peak is not None or any(load.fields & {PEAK_FORECAST, PEAK_LIMIT} for load in self.loads)
