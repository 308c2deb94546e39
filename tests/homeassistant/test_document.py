"""What docs/home-assistant.md says of Home Assistant is what the other tests here see."""

import re

from tests.homeassistant.test_entities import ROWS
from tests.support.home_assistant import versions
from tests.support.processes import REPOSITORY

DOCUMENT = (REPOSITORY / "docs" / "home-assistant.md").read_text(encoding="utf-8")
# Of meters with one register, which the tests' meter is not.
OF_OTHERS = {"sensor.smart_meter_energy_drawn", "sensor.smart_meter_energy_injected"}


def test_the_entities_of_the_document_exist() -> None:
    """Each id is that of an entity."""
    named = set(re.findall(r"`((?:binary_)?sensor\.[a-z_0-9]+)`", DOCUMENT))
    assert len(named) > 6
    assert named - OF_OTHERS <= {cells[0] for cells in ROWS.values()}


def test_the_versions_of_the_document_are_those_that_are_tested() -> None:
    """All of them, and no other."""
    assert re.findall(r"\d{4}\.\d+\.\d+", DOCUMENT) == versions()
