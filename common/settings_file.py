"""The settings as a service finds them: from its file and the environment, with every problem that they have."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from common.sections import COMMON_SECTIONS, KNOWN, MqttSettings
from common.settings import Config, Section, SettingsError, parse

Problems = Callable[[Config], Iterable[str]]


def load_config(
    file: str | None, sections: Iterable[type[Section]], problems: Problems = lambda _: ()
) -> Config | SettingsError:
    """Read the settings of a service from a file and the environment; without a file (None) the defaults hold.

    Every problem is in the error that comes back, also those that `problems` finds.
    """
    try:
        text = Path(file).read_text(encoding="utf-8-sig") if file else ""
        config = parse(
            text,
            known=KNOWN,
            wanted={*COMMON_SECTIONS, *sections},
            environment=os.environ,
            folder=Path(file).parent if file else Path(),
            source=file or "settings",
            read_secret=lambda name: Path(name).read_text(encoding="utf-8"),
        )
    except OSError as error:
        return SettingsError([f"{file}: {error.strerror}{_hint(error, str(file))}"])
    except UnicodeDecodeError as error:
        return SettingsError([f"{file}: not UTF-8 text: {error.reason} at byte {error.start}"])
    except SettingsError as error:
        more = _further_problems(error.config, problems) if error.config else ()
        return SettingsError([*error.problems, *(line for line in more if not error.tells_of(line))], error.config)
    found = _further_problems(config, problems)
    return SettingsError(found, config) if found else config


def _hint(error: OSError, file: str) -> str:
    """Say what makes a file of settings readable, as `of_problem` takes it apart."""
    if isinstance(error, FileNotFoundError):
        return "; begin with: cp config.sample.ini config.ini"
    if isinstance(error, PermissionError):
        from common.check_host import group_name, remedies  # noqa: PLC0415 -- seldom needed, and all services would load it

        folder = str(Path(file).absolute().parent)
        closed = file if os.access(folder, os.X_OK) else folder
        return f"; mend it with: {remedies().open_settings(closed, group_name())}"
    return ""


def _further_problems(config: Config, problems: Problems) -> list[str]:
    return [config.in_words_of_the_file(line) for line in (*_broker_problems(config), *problems(config))]


def _broker_problems(config: Config) -> Iterator[str]:
    """Find what is wrong with [mqtt] although each of its values is well-formed."""
    mqtt, where = config.section(MqttSettings), f"{config.source}: [mqtt]"
    if mqtt.password and not mqtt.username:
        yield f"{where} username: expected a user name, because password is set"
    if mqtt.ca_file and not mqtt.tls:
        yield f"{where} tls: expected yes, because ca_file is set"
    elif mqtt.ca_file:
        import ssl  # noqa: PLC0415 -- 1.4 MB that only TLS needs

        try:
            ssl.create_default_context(cafile=str(mqtt.ca_file))
        except OSError as error:  # not there, or no certificate
            yield f"{where} ca_file: expected a certificate, {mqtt.ca_file}: {error.strerror or error}"
