"""The service `relay_controller`: its command line, its checks, and the loads of the settings."""

import argparse
import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from common.rest import rest_until_stopped
from common.sections import RelaySettings
from common.service import DEFAULT_CONFIG, ServiceError, argument_parser, run_service
from common.settings import Config, SettingsError
from common.waiting import Stop
from relay_controller.conditions import PEAK_FORECAST, SURPLUS
from relay_controller.controller import SERVICE, Controller
from relay_controller.discovery import discovery_of
from relay_controller.driver import DriverError
from relay_controller.load import Plant
from relay_controller.pin_record import PinRecord
from relay_controller.safety import make_safe, record_in, record_of, take_over
from relay_controller.settings import SECTIONS, plant_despite, plant_of, problems_of
from relay_controller.state_file import StateInUseError, holding_state

if TYPE_CHECKING:
    from common.check import Check

# What changes when the load itself goes on.
_OWN_POWER = {SURPLUS, PEAK_FORECAST, "net_power", "actual_total_consumption", "actual_total_injection"}

_log = logging.getLogger(SERVICE)


def main(config: Config, options: argparse.Namespace, stop: Stop) -> None:
    """Control the loads of the settings until asked to stop, or only make them safe."""
    plant, record = plant_of(config), record_of(config)
    if options.safe:
        make_safe(plant, record)
        return
    state_file = Path(config.section(RelaySettings).state_file)
    if plant.loads:
        with _alone(state_file, record):
            take_over(plant, record)
            control(config, plant, stop)
        return
    if record.read():  # of loads that are gone
        with _alone(state_file, record):
            take_over(plant, record)
    rest_until_stopped(config, SERVICE, "no load is enabled", stop, discovery_of(config, plant, time.monotonic()))


@contextmanager
def _alone(state_file: Path, record: PinRecord) -> Iterator[None]:
    try:
        with holding_state(state_file), holding_state(record.path):
            yield
    except StateInUseError as error:
        raise ServiceError(f"another relay_controller runs with {error}: both would switch the loads") from None


def control(config: Config, plant: Plant, stop: Stop) -> None:
    """Control the loads until asked to stop, and leave them in their safe state."""
    for load in plant.loads:
        _log.info("load %s: %s", load.name, load.description)
        if load.mend:
            _log.warning("load %s: nothing is switched; %s", load.name, load.mend)
        if load.power_w is None and (load.fields & _OWN_POWER or plant.peak is not None):
            _log.warning(
                "load %s: power is not set; the load counts as one that draws nothing until it was measured", load.name
            )
    try:
        Controller(config, plant).run(stop)
    except DriverError as error:
        raise ServiceError(str(error)) from None


def make_safe_despite(options: argparse.Namespace, wrong: SettingsError) -> None:
    """Make safe what was driven before the settings became wrong, at a start too: nothing follows a container that crashes.

    At a start only what is recorded, and not if it is recorded by a process that runs.
    """
    record = record_of(wrong.config) if wrong.config else record_in(Path(options.config or DEFAULT_CONFIG).parent)
    with ExitStack() as stack:
        if not options.safe:
            if not record.read():
                return
            try:
                stack.enter_context(holding_state(record.path))
            except StateInUseError:
                return
        try:
            make_safe(plant_despite(wrong), record)
        except ServiceError as error:
            _log.error("%s", error)


def _checks(config: Config) -> "Iterable[Check]":
    from relay_controller.check import checks  # noqa: PLC0415 -- only --check needs it

    return checks(config)


def run(arguments: list[str]) -> int:
    """Run the service or its command; give the exit code."""
    command, *rest = arguments or [""]
    if command == "replay":
        from relay_controller.replay import command as replay  # noqa: PLC0415 -- a megabyte that the service does not need

        parser = argparse.ArgumentParser(
            prog="python -m relay_controller replay", description="Run the rules over recorded data: what would they have done?"
        )
        replay.add_arguments(parser)
        return replay.replay(parser.parse_args(rest))
    parser = argument_parser(SERVICE, "Switch loads by conditions on fresh telegrams, or by hand. Command: replay.")
    parser.add_argument("--safe", action="store_true", help="only put every load into its safe state, without a broker")
    return run_service(
        parser,
        main,
        SECTIONS,
        checks=_checks,
        problems=problems_of,
        on_wrong_settings=make_safe_despite,
        arguments=arguments,
    )


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
