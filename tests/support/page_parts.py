"""Fixtures of the tests of the live page: a browser, a broker for it, and the page itself."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar

import pytest
from playwright.sync_api import Browser

from tests.support.browser import running_browser
from tests.support.page import PageBroker, axe, built_page, running_page_broker
from tests.support.parts import PartMissing, do_without

T = TypeVar("T")


def _part(stack: ExitStack, part: AbstractContextManager[T]) -> T:
    try:
        built_page()
        return stack.enter_context(part)
    except PartMissing as reason:
        do_without(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run a Chromium for the whole session."""
    with ExitStack() as stack:
        yield _part(stack, running_browser())


@pytest.fixture(scope="session")
def page_broker() -> Iterator[PageBroker]:
    """Run a broker with WebSockets, and a login for each role, for the whole session."""
    with ExitStack() as stack:
        yield _part(stack, running_page_broker())


@pytest.fixture
def mortal_page_broker() -> Iterator[PageBroker]:
    """Run one for one test, which may stop and start it."""
    with ExitStack() as stack:
        yield _part(stack, running_page_broker())


@pytest.fixture(scope="session")
def axe_script() -> str:
    """Give axe-core."""
    try:
        return axe()
    except PartMissing as reason:
        do_without(reason)
