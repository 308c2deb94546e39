"""Fixtures: the real parts. A part that cannot be had skips its tests on a developer's machine, and fails them in CI."""

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar

import pytest

from tests.support.broker import Broker, running_broker
from tests.support.database import Database, running_database
from tests.support.node_red import NodeRed, running_node_red
from tests.support.parts import PartMissing, do_without

T = TypeVar("T")

# The files that take longest, the longest first: `make test` runs two at a time, and none of these should be left for the end.
_LONGEST = ("systemd", "compose", "chaos", "doctor_systemd", "pipeline", "doctor_faults", "reader")

# Whoever starts the tests may ignore signals (nohup, a background job), and what the tests start would inherit that.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
# And he may be supervised himself, by systemd or in a container: then a long test would be ended as one that hangs.
for supervision in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "RUNTIME_DIRECTORY", "STATE_DIRECTORY"):
    os.environ.pop(supervision, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin."""
    places = {f"test_{name}.py": place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


def _part(stack: ExitStack, part: AbstractContextManager[T]) -> T:
    try:
        return stack.enter_context(part)
    except PartMissing as reason:
        do_without(reason)


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """Run a Mosquitto for the whole session."""
    with ExitStack() as stack:
        yield _part(stack, running_broker())


@pytest.fixture
def mortal_broker() -> Iterator[Broker]:
    """Run a Mosquitto for one test, which may stop and start it."""
    with ExitStack() as stack:
        yield _part(stack, running_broker())


@pytest.fixture
def locked_broker() -> Iterator[Broker]:
    """Run a Mosquitto that takes nobody without a password, and knows no password."""
    with ExitStack() as stack:
        yield _part(stack, running_broker(anonymous=False))


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    """Run a server that speaks InfluxDB's v2 write API, for the whole session."""
    with ExitStack() as stack:
        yield _part(stack, running_database())


@pytest.fixture(scope="session")
def node_red(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeRed]:
    """Run a Node-RED for the whole session."""
    with ExitStack() as stack:
        yield _part(stack, running_node_red(tmp_path_factory.mktemp("node-red")))
