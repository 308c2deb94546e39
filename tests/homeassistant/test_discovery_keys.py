"""Every announcement that we can make, against the keys, classes and units that Home Assistant's own code knows."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from common.homeassistant import Discovery
from common.obis import BY_NAME
from common.topics import Topics
from reader.entities import DEVICE_FIELDS, Entities
from relay_controller.entities import entities_of
from relay_controller.load import Load, Plant
from tests.support.home_assistant import command, installed
from tests.support.parts import PartMissing, do_without

pytestmark = pytest.mark.homeassistant

CHECK = Path(__file__).with_name("payload_check.py")
# What older ones drop without harm: without its options an enumeration shows the same.
DROPPED = {"2024.3.3": ["homeassistant/sensor/smartmeter_home/actual_tariff_name/config: no key of Home Assistant's: options"]}
HOME = Discovery("homeassistant", Topics("smartmeter", "home"))


def _answer(version: str, folder: Path, announcements: dict[str, object]) -> list[str]:
    try:
        home_assistant = installed(version)
    except PartMissing as reason:
        do_without(reason)
    shutil.copy(CHECK, folder)
    check = command(home_assistant, ["python", str(folder / CHECK.name)], folder, f"smartmeter-test-keys-{folder.parent.name}")
    ended = subprocess.run(check, input=json.dumps(announcements), capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_home_assistant_knows_every_key_of_every_announcement(version: str, tmp_path: Path) -> None:
    """All rows of the table of fields, all kinds of loads: nothing is refused, nothing that counts is dropped."""
    fields = Entities(HOME, 60.0, 10.0).of(BY_NAME, dict.fromkeys(DEVICE_FIELDS, "1"))
    loads = entities_of(Plant((Load("boiler"), Load("heat-pump", shadow=True))), HOME)
    announcements = {topic: json.loads(payload) for topic, payload in (fields | loads).items()}
    assert len(announcements) > 140
    assert _answer(version, tmp_path, announcements) == DROPPED.get(version, [])


def test_the_check_finds_what_is_wrong(version: str, tmp_path: Path) -> None:
    """A key of nobody's, one that is missing, a unit and a class that do not fit."""
    good = {"state_topic": "a", "unique_id": "b", "device": {"identifiers": ["c"]}}
    answer = _answer(
        version,
        tmp_path,
        {
            "homeassistant/sensor/n/key/config": good | {"no_such_key": 1},
            "homeassistant/sensor/n/device/config": good | {"device": {"identifiers": ["c"], "no_such_key": "1"}},
            "homeassistant/switch/n/command/config": good,
            "homeassistant/sensor/n/unit/config": good | {"device_class": "gas", "unit_of_measurement": "m3"},
            "homeassistant/sensor/n/class/config": good
            | {"device_class": "energy", "unit_of_measurement": "kWh", "state_class": "measurement"},
        },
    )
    assert [line.split("/")[3] for line in answer] == ["key", "device", "command", "unit", "class"]
