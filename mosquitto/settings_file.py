"""What the settings say about topics, as it is in their file and the environment."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.sections import KNOWN, HomeAssistantSettings, LoadSettings, MqttSettings
from common.settings import Config, SettingsError, parse
from mosquitto.acl import Names
from mosquitto.topic_names import names_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """The topics, the loads with which some of them come, and lines about topics that nobody may use."""

    names: Names
    loads: Mapping[str, Any]
    notes: tuple[str, ...]


def wanted_in(file: Path) -> Wanted:
    """Read which topics there are. Raises SettingsError.

    A load with wrong settings counts as far as it can be read: relay_controller will say what is wrong with it.
    """
    config = _config(file, [MqttSettings, HomeAssistantSettings])
    try:
        loads = _config(file, [LoadSettings]).loads
    except SettingsError as error:
        loads = error.config.loads if error.config else {}
    names, notes = names_of(config, loads)
    return Wanted(names, loads, tuple(notes))


def _config(file: Path, sections: Iterable[type]) -> Config:
    """Parse some sections. Secrets are not read: they are not for this program, and their files need not be here."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError([f"{file}: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise SettingsError([f"{file}: not UTF-8 text: {error.reason} at byte {error.start}"]) from None
    return parse(
        text,
        known=KNOWN,
        wanted=sections,
        environment=os.environ,
        folder=file.parent,
        source=str(file),
        read_secret=lambda _: "",
    )
