"""A part that a test needs and this machine does not have."""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from docker.errors import DockerException
from requests.exceptions import RequestException

T = TypeVar("T")

CONTAINER_ERRORS = (DockerException, RequestException, OSError)


class PartMissing(Exception):  # noqa: N818 -- not an error: the test is skipped, or fails where CI is set
    """Why the part cannot be had here."""


def container_or_binary(
    container: Callable[[], AbstractContextManager[T]], binary: str, local: Callable[[str], AbstractContextManager[T]]
) -> AbstractContextManager[T]:
    """Give the part from a container where an engine answers and has the image, else from a program on PATH."""
    try:
        import docker  # noqa: PLC0415 -- costs half a second, only where a part is wanted

        docker.from_env(timeout=10).ping()
        return container()
    except CONTAINER_ERRORS as error:
        path = shutil.which(binary) or shutil.which(binary, path="/usr/sbin:/usr/local/sbin:/sbin")
        if path is None:
            raise PartMissing(f"no container engine ({error}) and no {binary} on PATH") from None
        return local(path)
