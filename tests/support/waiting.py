"""Waiting for a condition with a deadline, never for a fixed time."""

import socket
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_PAUSE_S = 0.02


def eventually(condition: Callable[[], T], deadline_s: float = 20.0, what: str = "the condition") -> T:
    """Give the first true result of `condition`; fail after `deadline_s` seconds."""
    end = time.monotonic() + deadline_s
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {deadline_s} s: {result!r}")
        time.sleep(_PAUSE_S)
    return result


def free_port() -> int:
    """Give a TCP port of the loopback address that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether something listens on a port of the loopback address."""
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex(("127.0.0.1", port)) == 0
