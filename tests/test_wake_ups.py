"""How often each service wakes up for a telegram: on an old Pi a wake-up costs more than most of what follows from it."""

import time
from contextlib import ExitStack
from statistics import median

import pytest

from benchmarks.house import SERVICES, running_house
from benchmarks.process_facts import usage
from tests.support.parts import PartMissing, do_without

_RATE = 2.0  # telegrams a second
_WARM_UP, _COUNTED = 10, 9  # until the reader has learned what a telegram is like, and announcements are over
_MOST = 4  # 1 to 3 on a quiet machine; who polls, or wakes for each piece of a telegram, has 20 and more


@pytest.mark.broker
@pytest.mark.database
def test_each_service_wakes_up_a_few_times_for_a_telegram() -> None:
    """With everything on; of some telegrams the usual one, for a busy machine may delay one."""
    woken: dict[str, list[int]] = {service: [] for service in SERVICES}
    with ExitStack() as parts:
        try:
            house = parts.enter_context(running_house(_WARM_UP + _COUNTED + 2, _RATE))
        except PartMissing as reason:
            do_without(reason)
        house.meter.begin()
        time.sleep(_WARM_UP / _RATE + 1.3)  # it begins at a whole second
        for _ in range(_COUNTED):
            before = {service: usage(house.pids[service]) for service in SERVICES}
            time.sleep(1 / _RATE)
            for service in SERVICES:
                woken[service].append((usage(house.pids[service]) - before[service]).wake_ups)
    assert {service: median(counts) for service, counts in woken.items() if median(counts) > _MOST} == {}, woken
    assert min(median(counts) for counts in woken.values()) >= 1  # telegrams did arrive
