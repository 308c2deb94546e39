"""A part that a test needs and this machine does not have."""

import fcntl
import gc
import os
import shutil
import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import docker
import pytest
from docker.errors import DockerException
from requests.exceptions import RequestException

T = TypeVar("T")

CONTAINER_ERRORS = (DockerException, RequestException, OSError)


class PartMissing(Exception):  # noqa: N818 -- not an error: the test is skipped, or fails where CI is set
    """Why the part cannot be had here."""


def do_without(reason: PartMissing) -> NoReturn:
    """End the test: skip it on a developer's machine, fail it in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"needed in CI: {reason}")
    pytest.skip(str(reason))


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make a folder, and let one process at a time fill it: the tests run in several."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def container_or_binary(
    container: Callable[[], AbstractContextManager[T]], binary: str, local: Callable[[str], AbstractContextManager[T]]
) -> Iterator[T]:
    """Give the part from a container where an engine answers and has the image, else from a program on PATH."""
    with ExitStack() as stack:
        try:
            _ask_engine()
            part = stack.enter_context(container())
        except CONTAINER_ERRORS as error:
            path = shutil.which(binary) or shutil.which(binary, path="/usr/local/sbin:/usr/sbin:/sbin")
            if path is None:
                raise PartMissing(f"{_in_short(error)}, and no {binary} on PATH") from None
            part = stack.enter_context(local(path))
        yield part


class _NoEngineError(OSError):
    """No container engine answers."""


def _ask_engine() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # docker leaves its socket open where nobody answers
        try:
            docker.from_env(timeout=10).ping()
        except CONTAINER_ERRORS:
            answers = False
        else:
            answers = True
        gc.collect()
    if not answers:
        raise _NoEngineError


def _in_short(error: Exception) -> str:
    """Say why there is no container. What Docker says has a line for each library below it."""
    if isinstance(error, _NoEngineError):
        return "no container engine answers"
    return f"its container does not start: {textwrap.shorten(str(error), 100)}"
