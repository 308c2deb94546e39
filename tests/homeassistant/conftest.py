"""One house for all tests of a version of Home Assistant."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.home_assistant import is_installed, versions
from tests.support.home_assistant_house import HomeAssistantHouse, home_assistant_house
from tests.support.parts import PartMissing, do_without


def _wanted() -> list[str]:
    """Give the versions that HOME_ASSISTANT names (`all`: each known one); without it the first one that is installed."""
    named, known = os.environ.get("HOME_ASSISTANT", ""), versions()
    if named:
        return known if named == "all" else named.split()
    return [*filter(is_installed, known), *known][:1]


@pytest.fixture(scope="session", params=_wanted())
def version(request: pytest.FixtureRequest) -> str:
    """Give the version of Home Assistant that a test asks."""
    return str(request.param)


@pytest.fixture(scope="session")
def running_house(version: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistantHouse]:
    """Run a house with that version."""
    with ExitStack() as stack:
        try:
            house = stack.enter_context(home_assistant_house(version, tmp_path_factory.mktemp("house")))
        except PartMissing as reason:
            do_without(reason)
        yield house


@pytest.fixture
def house(running_house: HomeAssistantHouse) -> Iterator[HomeAssistantHouse]:
    """Give the house when everything is there; after the test Home Assistant must not have complained about us."""
    running_house.wait_until_all_is_there()
    yield running_house
    assert running_house.assistant.new_complaints() == []
