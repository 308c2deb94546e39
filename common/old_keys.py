"""Keys of old config files: what each means now, and what to write instead.

Old are the files of the first smartmeter: the sample of its branch `development` (InfluxDB 2, CSV, relay), its older names
and [load], and the [influx] of its branch `master` (InfluxDB 1). A key goes on working where there is a meaning left to keep.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from common.ini import Values
from common.old_quotes import unquoted
from common.old_switching import Given, is_enabled, off_below, off_when, on_above, on_when

_LOAD = "load:NAME"
_NAMELESS_LOAD = "load"  # the only one that the older sample had
_BOARD_LOAD, _BOARD_PIN = "load:aux", "24"  # the relay on the board of the first smartmeter, by its BCM number
_WRONG_BAUDRATE, _RIGHT_BAUDRATE = "115000", "115200"
_AND = ", and on a line of its own "
# Other names that Python's logging has for a level, to the nearest of ours.
_LOG_LEVELS = {"notset": "debug", "warn": "warning", "critical": "error", "fatal": "error"}

Convert = Callable[[str, Given], str | None]


@dataclass(frozen=True, slots=True)
class OldKey:
    """A row: an old key, or a key with a value that was good once.

    The keys `new` get what `convert` makes of its text, if that is not None. It raises ValueError("expected ...").
    `beside` is the key without which what is to be written does not stand.
    """

    section: str
    key: str
    why: str
    instead: str = "nothing"
    new: tuple[str, ...] = ()
    convert: Convert = lambda text, _: text
    is_old: Callable[[str], bool] = lambda _: True
    beside: str = ""

    def advice(self, told: str = "") -> str:
        """Give what to write instead: `told` or, without it, in general."""
        place = "below [load:NAME], " if self.section == _NAMELESS_LOAD else ""
        return place + (told or self.instead) + (f", together with {self.beside}" if self.beside else "")


def _baudrate(text: str, _: Given) -> str:
    return _RIGHT_BAUDRATE if text == _WRONG_BAUDRATE else text


def _loglevel(text: str, _: Given) -> str:
    return _LOG_LEVELS[text.lower()]


_LOG = "not used, because the log goes to stderr"
_NAMELESS = "a load needs a name, so nothing is switched"
_INFLUX_1 = "not used, because it is of InfluxDB 1"
_INFLUX_1_URL = "url = http://HOST:8086 of an InfluxDB 2"


def _nameless(key: str, new: str, value: str, convert: Convert = lambda text, _: text, beside: str = "") -> OldKey:
    return OldKey(_NAMELESS_LOAD, key, _NAMELESS, f"{new} = {value}", (new,), convert, beside=beside)


TABLE = (
    OldKey("logging", "logpath", _LOG),
    OldKey("logging", "logfile", _LOG),
    OldKey("logging", "keep", _LOG),
    OldKey("logging", "size", _LOG),
    OldKey("logging", "log_to_stdout", _LOG),
    OldKey("logging", "keepalive", "not used, and never was"),
    OldKey(
        "logging",
        "loglevel",
        "WARN, CRITICAL, FATAL and NOTSET are no levels here",
        "debug, info, warning or error",
        ("loglevel",),
        _loglevel,
        lambda text: text.lower() in _LOG_LEVELS,
    ),
    OldKey("serial", "speed", "an old name", "baudrate", ("baudrate",), _baudrate),
    OldKey("serial", "bytes", "an old name", "bytesize", ("bytesize",)),
    OldKey(
        "serial",
        "baudrate",
        f"{_WRONG_BAUDRATE} is a slip of the old sample",
        f"baudrate = {_RIGHT_BAUDRATE}",
        ("baudrate",),
        _baudrate,
        lambda text: text == _WRONG_BAUDRATE,
    ),
    OldKey(
        "influx",
        "upload_interval",
        "0 was each telegram",
        "upload_interval = 1",
        ("upload_interval",),
        lambda _, __: "1",
        lambda text: text == "0",
    ),
    OldKey(
        "influx",
        "ssl_ca_cert",
        "not used, because the authorities that this machine trusts count",
        "nothing, and add the file with update-ca-certificates, or verify_ssl = no",
    ),
    OldKey("influx", "hostname", _INFLUX_1, _INFLUX_1_URL),
    OldKey("influx", "port", _INFLUX_1, _INFLUX_1_URL),
    OldKey("influx", "ssl", _INFLUX_1, "url = https://HOST:8086 of an InfluxDB 2"),
    OldKey("influx", "database", _INFLUX_1, "bucket"),
    OldKey("influx", "username", _INFLUX_1, "org and token"),
    OldKey("influx", "password", _INFLUX_1, "org and token"),
    OldKey(_LOAD, "max_power", "an old name", "power", ("power",)),
    OldKey(_LOAD, "switch_on", "a percentage, and now a condition", "on_when", ("on_when",), on_when, beside="off_when"),
    OldKey(_LOAD, "switch_off", "a percentage, and now a condition", "off_when", ("off_when",), off_when, beside="on_when"),
    OldKey(_LOAD, "hold_timer", "two keys now", "min_on and min_off", ("min_on", "min_off")),
    OldKey(
        _LOAD,
        "address",
        "a relay over Bluetooth never worked, so the load is not controlled",
        f"driver = mqtt{_AND}command_topic = TOPIC",
        ("driver",),
        lambda _, __: None,
    ),
    _nameless("enabled", "enabled", "yes or no"),
    _nameless("max_consume", "off_when", "surplus < MAX_INJECT - MAX_CONSUME W", off_below, "on_when"),
    _nameless("max_inject", "on_when", "surplus > MAX_INJECT W", on_above, "off_when"),
    _nameless("consume_time", "off_delay", "CONSUME_TIME"),
    _nameless("inject_time", "on_delay", "INJECT_TIME"),
)
_ROWS = {(row.section, row.key): row for row in TABLE}

MayTell = Callable[[str, str, str], bool]  # section, key, text -> whether a message may have it: well-formed, and no secret


@dataclass(frozen=True, slots=True)
class Value:
    """A text of the file, and the key under which it stands there."""

    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Translation:
    """What a file says in today's words. Warnings and problems begin with their place: `[serial] speed: ...`."""

    values: Mapping[str, Mapping[str, Value]]  # section -> today's key
    warnings: tuple[str, ...]  # one per old key, in the order of the file
    problems: Mapping[str, tuple[str, ...]]  # by section
    old_places: Mapping[str, str]  # of today's key, `[serial] baudrate` -> of the one that the file has


def translate(values: Values, may_tell: MayTell) -> Translation:
    """Put today's keys in the place of old ones; what is not in the table, and has no quotes, stays as it is."""
    sections = {name: _Section(name, given, may_tell) for name, given in values.items()}
    for section in sections.values():
        section.translate()
    return Translation(
        {name: section.values for name, section in sections.items() if not section.is_nameless_load},
        tuple(warning for section in sections.values() for warning in section.warnings),
        {name: tuple(section.problems) for name, section in sections.items()},
        {place: old for section in sections.values() for place, old in section.old_places.items()},
    )


class _Section:
    """One section on its way."""

    def __init__(self, name: str, given: Given, may_tell: MayTell) -> None:
        self.values: dict[str, Value] = {}
        self.warnings: list[str] = []
        self.problems: list[str] = []
        self.old_places: dict[str, str] = {}
        self._name = name
        self._kind = _LOAD if name.startswith(f"{_NAMELESS_LOAD}:") else name
        self._given = {key: unquoted(self._kind, key, text) for key, text in given.items()}
        self._quoted = {key for key, text in given.items() if text != self._given[key]}
        self._may_tell = may_tell
        self._rows = {key: row for key in given if (row := _ROWS.get((self._kind, key)))}

    @property
    def is_nameless_load(self) -> bool:
        """Whether this is the older [load], and nothing else is in it."""
        return self._name == _NAMELESS_LOAD and bool(self._given) and self._given.keys() == self._rows.keys()

    def translate(self) -> None:
        for key, text in self._given.items():
            row = self._rows.get(key)
            if row and row.is_old(text):
                self._replace(row, text)
            else:
                self.values[key] = Value(text, key)
                if key in self._quoted:
                    told = self._told((key,), text)
                    self._warn(key, "quotes are not part of it", told or f"{key} without quotes")
        if self._kind == _LOAD and "driver" not in self._given:
            self._settle_relay()

    def _replace(self, row: OldKey, text: str) -> None:
        free = [new for new in row.new if new == row.key or new not in self._given]
        if row.new and not free:
            self._warn(row.key, f"not used, because {' and '.join(row.new)} is there", "nothing")
            return
        self.old_places |= {self._place(new): self._place(row.key) for new in free if new != row.key}
        converted = None
        try:
            converted = row.convert(text, self._given)
        except ValueError as error:
            self.problems.append(f'{self._place(row.key)}: {error}, got "{text}"')
        told = ""
        if free and converted is not None:
            self.values |= {new: Value(converted, row.key) for new in free}
            told = self._told(free, converted)
        self._warn(row.key, row.why, row.advice(told))

    def _told(self, keys: Iterable[str], text: str) -> str:
        """Give what to write, with the text in it; nothing if that is wrong, or may have a password in it."""
        may = set(text).isdisjoint("@?#") and all(self._may_tell(self._name, key, text) for key in keys)
        return _AND.join(f"{key} = {text}" for key in keys) if may else ""

    def _settle_relay(self) -> None:
        """Say which relay an old load has: it did not tell, because there was only one."""
        if "address" in self._given:
            self.values["enabled"] = Value("no", "address")
        elif self._name == _BOARD_LOAD and self._rows and "enabled" in self._given and is_enabled(self._given):
            pin = self._given.get("pin")
            self.values |= {"driver": Value("gpio", "driver"), "pin": Value(pin or _BOARD_PIN, "pin")}
            instead = "driver = gpio" if pin else f"driver = gpio{_AND}pin = {_BOARD_PIN}"
            self._warn("driver", "not there, so the relay of the old board is meant", instead)

    def _warn(self, key: str, why: str, instead: str) -> None:
        self.warnings.append(f"{self._place(key)}: {why}; write instead: {instead}")

    def _place(self, key: str) -> str:
        return f"[{self._name}] {key}"
