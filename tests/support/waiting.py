"""Waiting for a condition with a deadline, never for a fixed time."""

import random
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
_PAUSES_S = (0.001, 0.02)  # the first one and the longest: most of what is waited for comes in no time
_PORTS = range(20_000, 32_000)  # below those that the system gives to clients: none may take a port that is shut
_untried = random.sample(_PORTS, len(_PORTS))  # each only once: one that was shut is still written in somebody's settings


def eventually(condition: Callable[[], T], deadline_s: float = 20.0, what: str = "the condition") -> T:
    """Give the first true result of `condition`; fail after `deadline_s` seconds."""
    end, pause_s = time.monotonic() + deadline_s, _PAUSES_S[0]
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {deadline_s} s: {result!r}")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _PAUSES_S[1])
    return result


def free_port() -> int:
    """Give a TCP port of the loopback address that is free, and that no client gets by chance while nobody listens on it."""
    while _untried:
        port = _untried.pop()
        with socket.socket() as one, suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no free port among {len(_PORTS)}")


def answers(port: int) -> bool:
    """Tell whether something listens on a port of the loopback address."""
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex(("127.0.0.1", port)) == 0
