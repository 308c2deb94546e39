"""Settings from one INI file and the environment, parsed once into frozen dataclasses.

Every problem is collected and reported together, one line each; nothing wrong is silently replaced by a default.
The sections themselves are in `common.sections`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import PurePath
from re import fullmatch, match
from typing import Any, ClassVar, Protocol, TypeVar

from common.ini import read_ini
from common.timestamps import clock_of

ENVIRONMENT_PREFIX = "SMARTMETER_"
FOLLOW = "follow"  # a peak limit that is the peak which this month already has
T = TypeVar("T")
_LAST_TCP_PORT = 65_535
_NAMED_SECTION = r"(load):([a-z0-9_-]+)"


class SettingsError(ValueError):
    """The settings are wrong; `problems` holds one line for each thing to mend.

    `config` is what could be read, with defaults for what could not, so that more problems can be looked for.
    """

    def __init__(self, problems: Iterable[str], config: "Config | None" = None) -> None:
        self.problems = tuple(problems)
        self.config = config
        super().__init__("\n".join(self.problems))

    def tells_of(self, problem: str) -> bool:
        """Tell whether there is a problem already with the key that this one is about."""
        place = match(r".*?\] [a-z_]+:", problem)
        return place is not None and any(known.startswith(place[0]) for known in self.problems)


class Section(Protocol):
    """A section: a frozen dataclass whose fields were made with `key`, and the name of the section."""

    SECTION: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Context:
    """What the parser of a value may need besides its text."""

    folder: PurePath  # of the config file: relative paths start there


Parser = Callable[[str, Context], Any]
SecretReader = Callable[[str], str]


def key(parse: Parser, default: Any, meaning: str, *, secret: bool = False) -> Any:
    """Declare a key of a section: its parser, its default (as a value) and its meaning in one line.

    A parser takes the text and raises ValueError("expected ..."). A secret is never printed and may come from a file that
    `SMARTMETER_SECTION_KEY_FILE` names.
    """
    return field(default=default, metadata={"parse": parse, "meaning": meaning, "secret": secret})


@dataclass(frozen=True, slots=True)
class Known:
    """Every section that the one file may have: the plain ones by name, and the one that comes once per load."""

    plain: Mapping[str, type[Section]]
    named: Mapping[str, type[Section]]

    def of(self, section: str) -> type[Section] | None:
        """Give the class of a section of the file, `csv` or `load:boiler`, or None if there is no such section."""
        match = fullmatch(_NAMED_SECTION, section)
        return self.named.get(match[1]) if match else self.plain.get(section)


@dataclass(frozen=True, slots=True)
class Config:
    """The parsed sections that a service asked for."""

    _plain: Mapping[type[Section], Section]
    loads: Mapping[str, Any]  # load name -> LoadSettings, in the order of the file
    source: str  # name of the file, for messages

    def section(self, kind: type[T]) -> T:
        """Give one section, typed."""
        return self._plain[kind]  # type: ignore[index,return-value]


def parse(  # noqa: PLR0913 -- everything from outside comes in here, once
    text: str,
    *,
    known: Known,
    wanted: Iterable[type[Section]],
    environment: Mapping[str, str],
    folder: PurePath,
    source: str = "config.ini",
    read_secret: SecretReader,
) -> Config:
    """Parse the sections in `wanted` from the text of an INI file, with environment variables over it.

    Names of sections, keys and variables are checked in the whole file; values only in the wanted sections.
    `read_secret` gives the content of the file that a `..._FILE` variable names (OSError if it cannot).
    Raises SettingsError with every problem.
    """
    problems: list[str] = []
    texts = _file_texts(text, known, source, problems)
    texts = _with_environment(texts, known, environment, read_secret, problems)
    wanted = set(wanted)
    context = Context(folder)
    plain = {
        kind: _section(kind, texts.get(name, {}), context, problems) for name, kind in known.plain.items() if kind in wanted
    }
    loads = {
        name.partition(":")[2]: _section(kind, values, context, problems)
        for name, values in texts.items()
        if (kind := known.of(name)) in wanted and ":" in name and kind is not None
    }
    config = Config(plain, loads, source)
    if problems:
        raise SettingsError(problems, config)
    return config


@dataclass(frozen=True, slots=True)
class _Text:
    """A value before parsing, and the words that tell where it stands."""

    text: str
    where: str


_Texts = dict[str, dict[str, _Text]]  # section -> key -> text


def _file_texts(text: str, known: Known, source: str, problems: list[str]) -> _Texts:
    values, wrong_lines = read_ini(text)
    problems += [f"{source}: {wrong}" for wrong in wrong_lines]
    texts: _Texts = {}
    for name, given in values.items():
        kind = known.of(name)
        if kind is None:
            problems.append(f"{source}: [{name}]: unknown section{_section_hint(name, known)}")
            continue
        keys = {one.name for one in fields(kind)}
        texts[name] = {}
        for key_name, value in given.items():
            where = f"{source}: [{name}] {key_name}"
            if key_name in keys:
                texts[name][key_name] = _Text(value, where)
            else:
                problems.append(f"{where}: unknown key{_hint(key_name, keys)}")
    return texts


def _section_hint(name: str, known: Known) -> str:
    kind, colon, _ = name.partition(":")
    if colon and kind in known.named:
        return ": the name of a load may have a-z, 0-9, _ and - only"
    return _hint(name, [*known.plain, *(f"{named}:NAME" for named in known.named)])


def _hint(name: str, candidates: Iterable[str]) -> str:
    nearest = get_close_matches(name, list(candidates), n=1)
    return f", did you mean {nearest[0]}?" if nearest else ""


def _with_environment(
    texts: _Texts, known: Known, environment: Mapping[str, str], read_secret: SecretReader, problems: list[str]
) -> _Texts:
    """Lay the `SMARTMETER_SECTION_KEY` variables over the texts of the file."""
    places = _variables(texts, known)
    files = {f"{name}_FILE": place for name, place in places.items() if place.secret}
    merged = {name: dict(values) for name, values in texts.items()}
    for name in sorted(name for name in environment if name.startswith(ENVIRONMENT_PREFIX)):
        place = places.get(name) or files.get(name)  # an exact key (`INFLUX_QUEUE_FILE`) wins over the file of another
        if place is None:
            problems.append(f"{name}: unknown variable{_hint(name, [*places, *files])}")
            continue
        value = environment[name]
        if name not in places:
            if name.removesuffix("_FILE") in environment:
                continue  # an exact key wins here too
            try:
                value = read_secret(value).strip("\r\n")
            except OSError as error:
                problems.append(f"{name}: cannot read {value}: {error.strerror}")
                continue
            except UnicodeDecodeError:
                problems.append(f"{name}: {value} is not UTF-8 text")
                continue
        merged.setdefault(place.section, {})[place.key] = _Text(value, name)
    return merged


@dataclass(frozen=True, slots=True)
class _Place:
    section: str
    key: str
    secret: bool


def _variables(texts: _Texts, known: Known) -> dict[str, _Place]:
    """Name the variable of every key of every plain section, and of every load that the file has."""
    sections = [*known.plain.items(), *((name, kind) for name in texts if ":" in name and (kind := known.of(name)))]
    places: dict[str, _Place] = {}
    for name, kind in sections:
        for one in fields(kind):
            variable = f"{ENVIRONMENT_PREFIX}{name}_{one.name}".upper().replace(":", "_").replace("-", "_")
            # Of load:a-b and load:a_b neither has variables: which one would be meant?
            places[variable] = _Place("" if variable in places else name, one.name, one.metadata["secret"])
    return {variable: place for variable, place in places.items() if place.section}


def _section(kind: type[Section], texts: Mapping[str, _Text], context: Context, problems: list[str]) -> Section:
    values: dict[str, Any] = {}
    for one in fields(kind):
        given = texts.get(one.name)
        if given is None:
            if isinstance(one.default, PurePath):
                values[one.name] = context.folder / one.default
            continue
        try:
            values[one.name] = one.metadata["parse"](given.text.strip(), context)
        except ValueError as error:
            # A password may also stand where it does not belong: user:password@host.
            got = "" if one.metadata["secret"] or "@" in given.text else f', got "{" ".join(given.text.split())}"'
            problems.append(f"{given.where}: {error}{got}")
    return kind(**values)


# Parsers. Each takes the stripped text and raises ValueError("expected ...").


def text(value: str, _: Context) -> str:
    """Any text, also none."""
    return value


def filled(value: str, _: Context) -> str:
    """Give a text that is not empty."""
    return _demand(value, bool(value), "a text")


def host(value: str, _: Context) -> str:
    """Give the name or address of a host."""
    return _demand(
        value, fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.:-]{0,252}[A-Za-z0-9_])?", value) and ".." not in value, "a host"
    )


def slug(value: str, _: Context) -> str:
    """Give a name that can be one level of a topic."""
    return _demand(value, fullmatch(r"[A-Za-z0-9_-]+", value), "a name of letters, digits, _ and -")


def topic(value: str, _: Context) -> str:
    """Give a topic, of one or more levels."""
    return _demand(value, fullmatch(r"[^$/+#\s][^+#\s]*(?<!/)", value), "a topic without wildcards and blanks")


def foreign_topic(value: str, _: Context) -> str:
    """Give a topic of somebody else's device: all that MQTT allows, also blanks and a slash at either end."""
    return _demand(value, fullmatch(r"[^$+#\0][^+#\0]*", value), "a topic without wildcards")


def zone(value: str, _: Context) -> str:
    """Give the name of a time zone."""
    try:
        clock_of(value)
    except (ValueError, KeyError, OSError):  # an unknown key, a path, a folder of the zone files
        raise ValueError("expected a time zone such as Europe/Brussels") from None
    return value


def yes_no(value: str, _: Context) -> bool:
    """Read yes or no, and what INI files have for them."""
    words = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
    _demand(value, value.lower() in words, "yes or no")
    return words[value.lower()]


def auto_yes_no(value: str, context: Context) -> bool | None:
    """Read yes or no, or None for `auto`."""
    if value.lower() == "auto":
        return None
    try:
        return yes_no(value, context)
    except ValueError:
        raise ValueError("expected auto, yes or no") from None


def key_128_bits(value: str, _: Context) -> bytes:
    """Give the 16 bytes of a key that is written as 32 hex digits."""
    return bytes.fromhex(_demand(value, fullmatch("[0-9A-Fa-f]{32}", value), "32 hex digits"))


def seconds(value: str, _: Context) -> float:
    """Give a time in seconds, 0 or more."""
    return _number(value, r"[0-9]{1,9}(\.[0-9]{1,3})?", "seconds")


def positive_seconds(value: str, context: Context) -> float:
    """Give a time in seconds, more than 0."""
    number = seconds(value, context)
    _demand(value, number > 0, "more than 0 seconds")
    return number


def auto_seconds(value: str, context: Context) -> float | None:
    """Give a time in seconds, or None for `auto`."""
    if value == "auto":
        return None
    try:
        return positive_seconds(value, context)
    except ValueError:
        raise ValueError("expected seconds or auto") from None


def whole(low: int, high: int, what: str) -> Parser:
    """Give the parser of a whole number from `low` to `high`."""

    def parse_whole(value: str, _: Context) -> int:
        matches = fullmatch(r"[0-9]{1,12}", value)
        _demand(value, matches and low <= int(value) <= high, f"{what} from {low} to {high}")
        return int(value)

    return parse_whole


def watts(value: str, _: Context) -> float | None:
    """Give a power in W."""
    return _number(value, r"[0-9]{1,7}(\.[0-9]{1,3})?", "a power in W, as a number")


def price(value: str, _: Context) -> float:
    """Give a price in EUR; what is injected may also cost."""
    return _number(value, r"-?[0-9]{1,6}(\.[0-9]{1,6})?", "a price in EUR, as a number")


def peak_limit(value: str, _: Context) -> float | str | None:
    """Give a quarter-hour peak in kW, `follow`, or None where it is left empty."""
    if not value or value.lower() == FOLLOW:
        return value.lower() or None
    return _number(value, r"[0-9]{1,4}(\.[0-9]{1,3})?", f"kW, as a number, or {FOLLOW}")


def choice(*words: str) -> Parser:
    """Give the parser of one of a few words."""

    def parse_choice(value: str, _: Context) -> str:
        return _demand(value.lower(), value.lower() in words, " or ".join((", ".join(words[:-1]), words[-1])))

    return parse_choice


def path(value: str, context: Context) -> PurePath:
    """Give a path; a relative one starts at the folder of the config file."""
    _demand(value, bool(value), "a path")
    return context.folder / value


def serial_port(value: str, _: Context) -> str:
    """Give the path of a serial port, or the address of one on the network."""
    if "://" in value:
        match = fullmatch(r"(socket|rfc2217)://[^/:?#\s]+:([0-9]{1,5})", value)
        _demand(value, match and 1 <= int(match[2]) <= _LAST_TCP_PORT, "socket://host:port or rfc2217://host:port")
    return _demand(value, bool(value), "a serial port")


def optional(inner: Parser, empty: Any = None) -> Parser:
    """Give the parser of a value that may be left empty, which gives `empty`."""

    def parse_optional(value: str, context: Context) -> Any:
        return inner(value, context) if value else empty

    return parse_optional


def _number(value: str, pattern: str, what: str) -> float:
    _demand(value, fullmatch(pattern, value), what)
    return float(value)


def _demand(value: str, holds: object, what: str) -> str:
    if not holds:
        raise ValueError(f"expected {what}")
    return value
