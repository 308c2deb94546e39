"""The service `relay_controller`: its command line, its checks, and the loads of the settings."""

import argparse
import logging
import sys
from collections.abc import Iterator

from common.sections import LoadSettings, RelaySettings
from common.service import Check, ServiceError, argument_parser, rest_until_stopped, run_service
from common.settings import Config
from common.waiting import Stop
from relay_controller.conditions import SURPLUS
from relay_controller.controller import SERVICE, Controller
from relay_controller.driver import DriverError
from relay_controller.gpio import GpioRelay, gpio_library
from relay_controller.load import Pin, Plant, RemoteRelay
from relay_controller.settings import plant_of, problems_of

_log = logging.getLogger(SERVICE)


def main(config: Config, options: argparse.Namespace, stop: Stop) -> None:
    """Control the loads of the settings until asked to stop, or only make them safe."""
    plant = _plant(config)
    if options.safe:
        make_safe(plant)
    elif plant.loads:
        control(config, plant, stop)
    else:
        rest_until_stopped(config, SERVICE, "no load is enabled", stop)


def control(config: Config, plant: Plant, stop: Stop) -> None:
    """Control the loads until asked to stop, and leave them in their safe state."""
    for load in plant.loads:
        _log.info("load %s: %s", load.name, load.description)
        if not load.power_w and any(condition and SURPLUS in condition.fields for condition in (load.on_when, load.off_when)):
            _log.warning("load %s: power is not set, so surplus does not count what the load itself draws", load.name)
    try:
        Controller(config, plant).run(stop)
    except DriverError as error:
        raise ServiceError(str(error)) from None


def make_safe(plant: Plant) -> None:
    """Put every relay that this machine drives into its safe state, without a broker."""
    problems = []
    for load in plant.loads:
        if load.shadow or load.relay is None:
            continue
        state = "on" if load.safe_on else "off"
        if isinstance(load.relay, RemoteRelay):
            _log.warning(
                "load %s: cannot be switched %s without the broker; let the relay itself end after a time", load.name, state
            )
            continue
        try:
            GpioRelay(load.relay, safe_on=load.safe_on).close()
            _log.info("load %s: %s", load.name, state)
        except DriverError as error:
            problems.append(f"load {load.name}: {error}")
    if problems:
        raise ServiceError("; ".join(problems))


def checks(config: Config) -> Iterator[Check]:
    """Check the loads for `--check`; no relay is touched."""
    for load in _plant(config).loads:
        try:
            if isinstance(load.relay, Pin) and not load.shadow:
                gpio_library()
            yield Check(f"load {load.name}", well=True, found=load.description)
        except DriverError as error:
            yield Check(f"load {load.name}", well=False, found=str(error))


def problems(config: Config) -> Iterator[str]:
    """Find what cannot work although each key is well-formed."""
    yield from problems_of(config.loads, config.source)


def _plant(config: Config) -> Plant:
    return plant_of(config.loads, config.section(RelaySettings))


def run(arguments: list[str]) -> int:
    """Run the service; give the exit code."""
    parser = argument_parser(SERVICE, "Switch loads by conditions on fresh telegrams, or by hand.")
    parser.add_argument("--safe", action="store_true", help="only put every load into its safe state, without a broker")
    sections = (RelaySettings, LoadSettings)
    return run_service(parser, main, sections, checks=checks, problems=problems, arguments=arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
