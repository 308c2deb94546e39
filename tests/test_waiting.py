"""`common.waiting`: one sleep for several things."""

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.waiting import Stop, Waker, wait_for
from tests.support.processes import REPOSITORY


@pytest.fixture
def stop() -> Iterator[Stop]:
    """Begin as a service does; the test run's own handlers come back afterwards."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCONT)}
    try:
        with Stop() as stop:
            yield stop
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_only_those_that_have_news_are_given() -> None:
    """And nothing after the time is over."""
    quiet, loud = Waker(), Waker()
    assert wait_for([quiet, loud], 0.0) == []
    loud.wake()
    assert wait_for([quiet, loud], 5.0) == [loud]
    assert wait_for([], -1.0) == []


def test_a_waker_stays_awake_until_it_is_cleared() -> None:
    """However often it was called, also when its pipe is full."""
    waker = Waker()
    for _ in range(100_000):
        waker.wake()
    assert wait_for([waker], 0.0) == [waker]
    waker.clear()
    assert wait_for([waker], 0.0) == []
    waker.clear()


def test_a_waker_wakes_from_another_thread() -> None:
    """Long before the time is over."""
    waker = Waker()
    start_s = time.monotonic()
    threading.Timer(0.05, waker.wake).start()
    assert wait_for([waker], 30.0) == [waker]
    assert time.monotonic() - start_s < 10.0


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_waker_gives_its_descriptors_back() -> None:
    """A reader that reopens its port for years must not run out of them."""
    gc.collect()  # what earlier tests left would be given back meanwhile
    before = _descriptors()
    for _ in range(100):
        Waker()
    assert _descriptors() == before


def test_a_socket_is_waited_for_like_anything_else() -> None:
    """Whatever has a descriptor."""
    left, right = socket.socketpair()
    with left, right:
        right.send(b"x")
        assert wait_for([left, Waker()], 5.0) == [left]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_asks_for_the_end_and_wakes_the_loop(stop: Stop, number: signal.Signals) -> None:
    """It stays asked for, and further signals change nothing."""
    assert not stop.requested
    assert wait_for([stop], 0.0) == []
    for _ in range(2):
        os.kill(os.getpid(), number)
        assert wait_for([stop], 5.0) == [stop]
        assert stop.requested


def test_a_closed_terminal_does_not_end_who_ignores_it() -> None:
    """`nohup python -m reader` goes on."""
    usual = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with Stop() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert (wait_for([stop], 0.0), stop.requested) == ([], False)
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in {**handlers, signal.SIGHUP: usual}.items():
            signal.signal(number, handler)


def test_the_process_itself_may_ask_for_the_end(stop: Stop) -> None:
    """As at the end of a recording."""
    stop.request()
    assert (stop.requested, wait_for([stop], 0.0)) == (True, [stop])


_SLEEPER = """
import time
from common.waiting import Stop, wait_for
with Stop() as stop:
    print("asleep", flush=True)
    begun_s = time.monotonic()
    assert wait_for([stop], 10.0) == []
    print(time.monotonic() - begun_s, flush=True)
    assert wait_for([stop], 0.0) == []
"""


def test_the_time_counts_in_which_a_process_is_halted() -> None:
    """Linux lets a sleep of 10 s that is halted for 12 s go on for the rest of it: a telegram would wait as long."""
    command = [sys.executable, "-c", _SLEEPER]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as sleeper:
        assert sleeper.stdout
        assert sleeper.stdout.readline() == "asleep\n"
        time.sleep(0.5)
        sleeper.send_signal(signal.SIGSTOP)
        time.sleep(12.0)
        sleeper.send_signal(signal.SIGCONT)
        assert 10.0 < float(sleeper.stdout.readline()) < 18.0
    assert sleeper.returncode == 0
