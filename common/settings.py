"""Settings from one INI file and the environment, parsed once into frozen dataclasses.

Every problem is collected and reported together, one line each; nothing wrong is silently replaced by a default.
The sections themselves are in `common.sections`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import PurePath
from re import fullmatch, match
from typing import Any, ClassVar, Protocol, TypeVar

from common.ini import read_ini
from common.old_keys import MayTell, Value, translate
from common.values import Context, Parser

ENVIRONMENT_PREFIX = "SMARTMETER_"
T = TypeVar("T")
_NAMED_SECTION = r"(load):([a-z0-9_-]+)"


class SettingsError(ValueError):
    """The settings are wrong; `problems` holds one line for each thing to mend.

    `config` is what could be read, with defaults for what could not, so that more problems can be looked for.
    """

    def __init__(self, problems: Iterable[str], config: "Config | None" = None) -> None:
        self.problems = tuple(problems)
        self.config = config
        super().__init__("\n".join(self.problems))

    @property
    def hint(self) -> str:
        """Where to read on: the warnings of old keys are not told beside problems. Empty if there are none."""
        return "old keys: docs/upgrade.md" if self.config and self.config.warnings else ""

    def tells_of(self, problem: str) -> bool:
        """Tell whether there is a problem already with the key that this one is about."""
        place = match(r".*?\] [a-z_]+:", problem)
        return place is not None and any(known.startswith(place[0]) for known in self.problems)


class Section(Protocol):
    """A section: a frozen dataclass whose fields were made with `key`, and the name of the section."""

    SECTION: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


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
    warnings: tuple[str, ...] = ()  # one for each old key of the file, with what to write instead
    _old_places: Mapping[str, str] = field(default_factory=dict)  # of a key, `[load:aux] power` -> of the one in the file

    def in_words_of_the_file(self, problem: str) -> str:
        """Give a problem, `config.ini: [load:aux] power: ...`, with the old key in its place where the file has that."""
        for place, old in self._old_places.items():
            start = f"{self.source}: {place}:"
            if problem.startswith(start):
                return f"{self.source}: {old}:{problem.removeprefix(start)}"
        return problem

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
    wanted = set(wanted)
    values, wrong_lines = read_ini(text)
    problems = [f"{source}: {wrong}" for wrong in wrong_lines]
    context = Context(folder)
    old = translate(values, _may_tell(known, context))
    texts = _file_texts(old.values, known, source, problems)
    texts = _with_environment(texts, known, environment, read_secret, problems)
    problems += [f"{source}: {wrong}" for name, lines in old.problems.items() if known.of(name) in wanted for wrong in lines]
    plain = {
        kind: _section(kind, texts.get(name, {}), context, problems) for name, kind in known.plain.items() if kind in wanted
    }
    loads = {
        name.partition(":")[2]: _section(kind, values, context, problems)
        for name, values in texts.items()
        if (kind := known.of(name)) in wanted and ":" in name and kind is not None
    }
    warnings = tuple(f"{source}: {warning}" for warning in old.warnings)
    config = Config(plain, loads, source, warnings, old.old_places)
    if problems:
        raise SettingsError(dict.fromkeys(problems), config)  # an old key that two keys stand for is told once
    return config


def _may_tell(known: Known, context: Context) -> MayTell:
    """Give what tells of a section's key whether its text is well-formed and no secret."""

    def may_tell(section: str, key_name: str, text: str) -> bool:
        kind = known.of(section) or known.named.get(section)
        one = kind.__dataclass_fields__.get(key_name) if kind else None
        if one is None or one.metadata["secret"]:
            return False
        try:
            one.metadata["parse"](text, context)
        except ValueError:
            return False
        return True

    return may_tell


@dataclass(frozen=True, slots=True)
class _Text:
    """A value before parsing, and the words that tell where it stands."""

    text: str
    where: str


_Texts = dict[str, dict[str, _Text]]  # section -> key -> text


def _file_texts(values: Mapping[str, Mapping[str, Value]], known: Known, source: str, problems: list[str]) -> _Texts:
    texts: _Texts = {}
    for name, given in values.items():
        kind = known.of(name)
        if kind is None:
            problems.append(f"{source}: [{name}]: unknown section{_section_hint(name, known)}")
            continue
        keys = {one.name for one in fields(kind)}
        texts[name] = {}
        for key_name, value in given.items():
            where = f"{source}: [{name}] {value.key}"
            if key_name in keys:
                texts[name][key_name] = _Text(value.text, where)
            else:
                problems.append(f"{where}: unknown key{_hint(key_name, keys)}")
    return texts


def _section_hint(name: str, known: Known) -> str:
    kind, colon, _ = name.partition(":")
    if kind not in known.named and known.of(name.lower()):
        return f", did you mean {name.lower()}?"
    if colon and kind in known.named:
        return ": the name of a load may have a-z, 0-9, _ and - only"
    return _hint(name, [*known.plain, *(f"{named}:NAME" for named in known.named)])


def _hint(name: str, candidates: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 -- only for wrong settings

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
            if environment.get(name.removesuffix("_FILE")):
                continue  # an exact key wins here too, if there is anything in it
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
    """Where a value belongs that stands in a variable."""

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
