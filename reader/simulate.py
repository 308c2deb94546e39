"""The command `python -m reader simulate`: a simulated household's telegrams, second after second; or those of a fleet."""

import argparse
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from math import inf
from pathlib import Path

from common.log import start_logging
from common.mqtt import MqttSession
from common.sections import LoggingSettings, MeterSettings, MqttSettings
from common.service import EXIT_FAILURE, EXIT_OK, EXIT_USAGE, report_problems
from common.settings import Config, SettingsError
from common.settings_file import load_config
from common.waiting import Stop
from reader import simulate_values as values
from reader.broadcast import Broadcast
from reader.fleet import Fleet
from reader.household import Household
from reader.pseudo_terminal import PseudoTerminal
from reader.sink import Sink, SinkError, wait
from reader.standard_output import StandardOutput
from reader.sunshine import BRUSSELS
from reader.tcp_server import TcpServer
from reader.telegram_writer import render

SEEDED_START = datetime(2026, 6, 21, 12, tzinfo=BRUSSELS)

_RETRY_S = 0.002  # a pseudo-terminal tells nobody that it has been read
_LONGEST_WAIT_S = 3600.0
_FAREWELL_S = 2.0  # for readers to take the last telegrams
_CLOCK_STEP_S = 2.0
_LIVED_GAP_S = 86_400.0  # costs a quarter of a second; a longer gap begins another household


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--port", type=Path, metavar="LINK", help="make a pseudo-terminal, and LINK a symlink to it")
    parser.add_argument("--listen", type=values.address, metavar="HOST:PORT", help="serve TCP clients (port 0: a free one)")
    parser.add_argument(
        "--speed",
        type=values.speed,
        default=1.0,
        metavar="N",
        help="telegrams per second (default: 1; 0: as fast as they are taken)",
    )
    parser.add_argument(
        "--seed", type=values.seed, metavar="N", help="the same seed gives the same telegrams, from a fixed time on"
    )
    parser.add_argument("--start", type=values.start, metavar="TIME", help="simulated time of the first telegram, ISO 8601")
    parser.add_argument("--count", type=values.count, metavar="N", help="end after N telegrams (of each meter)")
    parser.add_argument("--mqtt", action="store_true", help="be meters and readers: publish NAME-0001 ... at the broker")
    parser.add_argument("--meters", type=values.meters, metavar="N", help="with --mqtt: how many (default: 1)")
    parser.add_argument("-c", "--config", metavar="FILE", help="with --mqtt: the settings (default: those without a file)")


def simulate(options: argparse.Namespace, stop: Stop) -> int:
    """Send telegrams until asked to stop, or until `--count`; without --port, --listen and --mqtt to standard output.

    Gives the exit code: 1 if a link or an address cannot be had, 2 for options that contradict each other.
    """
    if problem := _contradiction(options):
        print(f"python -m reader simulate: {problem}", file=sys.stderr)
        return EXIT_USAGE
    if options.mqtt:
        config = load_config(options.config, ())
        return report_problems(config) if isinstance(config, SettingsError) else _publish(options, config, stop)
    try:
        with ExitStack() as stack:
            _run(options, _open_sinks(options, stack), stop)
    except BrokenPipeError:  # whoever reads the output has seen enough
        return EXIT_OK
    except SinkError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILURE
    return EXIT_OK


def _contradiction(options: argparse.Namespace) -> str:
    """Tell which options do not go together; empty if all do."""
    if options.mqtt and (options.port or options.listen):
        return "--mqtt publishes at a broker; --port and --listen are for a reader of its own"
    if not options.mqtt and (options.meters or options.config):
        return "--meters and --config are for --mqtt"
    return ""


def _publish(options: argparse.Namespace, config: Config, stop: Stop) -> int:
    """Publish the telegrams of a fleet, and tell at the end what became of them. Exit code 1: some are lost."""
    mqtt, meter = config.section(MqttSettings), config.section(MeterSettings)
    start_logging(config.section(LoggingSettings).loglevel)
    seed, start = _beginning(options)
    fleet = Fleet(mqtt.base_topic, meter.name, seed, start)
    meters = options.meters or 1
    while len(fleet) < meters and not stop.requested:
        fleet.add_meter()
    session = MqttSession(mqtt, meter, "simulator", announce=False, resend=True)
    broadcast = Broadcast(fleet, session, stop, 1 / options.speed if options.speed else 0.0)
    broadcast.run(options.count, live=options.start is None and options.seed is None)
    print(broadcast.told(), file=sys.stderr)
    return EXIT_FAILURE if broadcast.acknowledged < broadcast.published and not stop.requested else EXIT_OK


def _beginning(options: argparse.Namespace) -> tuple[int, datetime]:
    """Give seed and simulated time of the first telegram."""
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    return seed, options.start or (datetime.now(UTC) if options.seed is None else SEEDED_START)


def _open_sinks(options: argparse.Namespace, stack: ExitStack) -> list[Sink]:
    sinks: list[Sink] = []
    if options.port is not None:
        terminal = PseudoTerminal(options.port)
        stack.callback(terminal.close)
        sinks.append(terminal)
        print(f"sending to {options.port}", file=sys.stderr, flush=True)
    if options.listen is not None:
        server = TcpServer(*options.listen)
        stack.callback(server.close)
        sinks.append(server)
        print(f"listening on {server.address}", file=sys.stderr, flush=True)
    return sinks or [StandardOutput(sys.stdout.fileno())]


def _run(options: argparse.Namespace, sinks: Sequence[Sink], stop: Stop) -> None:
    source = _Source(options)
    retry_s = _LONGEST_WAIT_S if options.port is None else _RETRY_S
    is_output = isinstance(sinks[0], StandardOutput)
    waits_for_readers = options.speed == 0 or is_output
    sent = 0
    while not stop.requested and sent != options.count:
        due_in_s = source.due_in_s()
        if due_in_s > 0:
            wait(sinks, stop, min(due_in_s, _LONGEST_WAIT_S))
        elif waits_for_readers and not any(sink.is_ready for sink in sinks):
            wait(sinks, stop, retry_s)
        else:
            telegram = source.take()
            for sink in sinks:
                sink.offer(telegram)
            wait(sinks, stop, 0.0)
            sent += 1
    until_s = inf if is_output else time.monotonic() + _FAREWELL_S
    while not stop.requested and time.monotonic() < until_s and not all(sink.is_idle for sink in sinks):
        wait(sinks, stop, _RETRY_S)


class _Source:
    """The household's telegrams and when each is due; it alone looks at clocks."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._interval_s = 1 / options.speed if options.speed else 0.0
        self._seed, start = _beginning(options)
        self._is_live = options.speed == 1 and options.start is None and options.seed is None
        self._household, self._due_s = self._begun(start)
        self._state = self._household.state()

    def due_in_s(self) -> float:
        """Give the seconds until the next telegram; zero or less when it is late."""
        return self._due_s - time.monotonic() if self._interval_s else 0.0

    def take(self) -> bytes:
        """Give the telegram that is due, and live on to the next."""
        if self._is_live:
            self._follow_clock()
        telegram = render(self._state)
        self._state = self._household.step()
        self._due_s += self._interval_s
        return telegram

    def _begun(self, start: datetime) -> tuple[Household, float]:
        """Give a household, and when its first telegram is due: at the begin of that second, as the clock has it."""
        return Household(self._seed, start), time.monotonic() - start.microsecond / 1e6

    def _follow_clock(self) -> None:
        """Catch up with a clock that was set, or that ran on while the machine slept."""
        now = datetime.now(UTC)
        behind_s = (now - self._state.moment).total_seconds()
        if -_CLOCK_STEP_S < behind_s < _CLOCK_STEP_S:
            return
        if 0 < behind_s < _LIVED_GAP_S:
            self._household.advance_to(now)
            self._due_s = time.monotonic() - now.microsecond / 1e6
        else:
            self._household, self._due_s = self._begun(now)
        self._state = self._household.state()
