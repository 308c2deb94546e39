"""The service `relay_controller`: its command line, its checks, and the loads of the settings."""

import argparse
import logging
import sys
from contextlib import ExitStack
from pathlib import Path

from common.sections import RelaySettings
from common.service import ServiceError, argument_parser, rest_until_stopped, run_service
from common.settings import Config
from common.waiting import Stop
from relay_controller.check import checks
from relay_controller.conditions import PEAK_FORECAST, SURPLUS
from relay_controller.controller import SERVICE, Controller
from relay_controller.driver import DriverError
from relay_controller.gpio import GpioRelay
from relay_controller.load import Load, Plant, RemoteRelay
from relay_controller.replay import command as replay
from relay_controller.settings import SECTIONS, plant_of, problems_of
from relay_controller.state_file import StateInUseError, holding_state

# What changes when the load itself goes on.
_OWN_POWER = {SURPLUS, PEAK_FORECAST, "net_power", "actual_total_consumption", "actual_total_injection"}

_log = logging.getLogger(SERVICE)


def main(config: Config, options: argparse.Namespace, stop: Stop) -> None:
    """Control the loads of the settings until asked to stop, or only make them safe."""
    plant = plant_of(config)
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
        if load.power_w is None and (load.fields & _OWN_POWER or plant.peak is not None):
            _log.warning(
                "load %s: power is not set; the load counts as one that draws nothing until it was measured", load.name
            )
    state_file = Path(config.section(RelaySettings).state_file)
    try:
        with holding_state(state_file):
            Controller(config, plant).run(stop)
    except StateInUseError:
        raise ServiceError(f"another relay_controller runs with {state_file}: both would switch the loads") from None
    except DriverError as error:
        raise ServiceError(str(error)) from None


def make_safe(plant: Plant) -> None:
    """Put every relay that this machine drives into its safe state, without a broker; each is tried whatever fails before."""
    problems: list[str] = []
    with ExitStack() as stack:
        stack.callback(_tell, problems)
        for load in plant.loads:
            if load.relay is not None and not load.shadow:
                stack.callback(_make_one_safe, load, problems)


def _make_one_safe(load: Load, problems: list[str]) -> None:
    state = "on" if load.safe_on else "off"
    if isinstance(load.relay, RemoteRelay):
        lease_s = load.relay.lease_s
        end = f"its lease ends it within {lease_s:.0f} s" if lease_s else "let it end by itself (lease)"
        _log.warning("load %s: cannot be switched %s without the broker; %s", load.name, state, end)
    elif load.relay is not None:
        try:
            GpioRelay(load.relay, safe_on=load.safe_on).close()
            _log.info("load %s: %s", load.name, state)
        except DriverError as error:
            problems.append(f"load {load.name}: {error}")


def _tell(problems: list[str]) -> None:
    if problems:
        raise ServiceError("; ".join(sorted(problems)))


def run(arguments: list[str]) -> int:
    """Run the service or its command; give the exit code."""
    command, *rest = arguments or [""]
    if command == "replay":
        parser = argparse.ArgumentParser(
            prog="python -m relay_controller replay", description="Run the rules over recorded data: what would they have done?"
        )
        replay.add_arguments(parser)
        return replay.replay(parser.parse_args(rest))
    parser = argument_parser(SERVICE, "Switch loads by conditions on fresh telegrams, or by hand. Command: replay.")
    parser.add_argument("--safe", action="store_true", help="only put every load into its safe state, without a broker")
    return run_service(parser, main, SECTIONS, checks=checks, problems=problems_of, arguments=arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
