"""The service `reader`, and its commands `decode`, `capture` and `simulate`: the wiring of port, reception and broker."""

import argparse
import logging
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from common.crc import HAS_C_EXTENSION
from common.sections import HomeAssistantSettings, SerialSettings
from common.service import ServiceError, argument_parser, run_service
from common.settings import Config, SettingsError
from common.waiting import Stop, wait_for
from reader.diagnosis import SILENT
from reader.line import Line
from reader.pace import Pace
from reader.reader import SERVICE, Reader
from reader.reception import Received, Reception, Rejected
from reader.serial_port import PortBusyError, PortSettingsError

if TYPE_CHECKING:
    from common.check import Check

_IN_FLIGHT_MAX = 100  # of a recording, which can wait for the broker
_BROKER_WAIT_S = 0.01
_FILE_CHUNK_BYTES = 4096

_log = logging.getLogger(SERVICE)


def main(config: Config, options: argparse.Namespace, stop: Stop) -> None:
    """Read the port of the settings, or the file of the command line."""
    if not HAS_C_EXTENSION:
        _log.warning("crcmod runs without its C part: checksums cost more; Debian's python3-crcmod has it")
    if options.file is not None:
        play_file(config, options.file, options.speed, stop)
        return
    try:
        read_port(config, stop)
    except PortBusyError as error:
        raise ServiceError(f"cannot read {config.section(SerialSettings).port}: {error.strerror}") from None
    except PortSettingsError as error:
        raise SettingsError([f"{config.source}: [serial] port {config.section(SerialSettings).port}: {error}"]) from None


def read_port(config: Config, stop: Stop) -> None:
    """Publish what comes in at the port, until asked to stop.

    The broker hears of this reader only after it tried the port: a second reader must not push out the first one there.
    """
    reader = Reader(config)
    line = Line(config.section(SerialSettings), _why_closed)
    losses, started = 0, False
    try:
        while not stop.requested:
            now_s = time.monotonic()
            patience_s = reader.patience_s(now_s)
            timeout_s = min(patience_s or reader.seconds_left(now_s), line.seconds_left(now_s))
            ready = wait_for([stop, *line.waits_on(), *([] if patience_s else [reader.session])], timeout_s)
            if chunk := line.read(ready, time.monotonic()):
                has_end = False
                for event in reader.reception.feed(chunk):
                    reader.take(event)
                    has_end = True
                line.rest(has_end=has_end, begun_bytes=reader.reception.begun_bytes)
                reader.remarks.too_old(line.lost_bytes, now_s)
                if patience_s and not has_end:
                    continue
            if line.losses != losses:
                losses = line.losses
                reader.reception.restart()
            if line.tried and not started:
                reader.session.start()
                started = True
            reader.tick(hears_port=line.is_there, no_port=line.complaint, is_behind=line.is_behind)
    finally:
        line.close()
        reader.session.close()


def _why_closed(port: str) -> str:
    from reader.port_facts import why_closed  # noqa: PLC0415 -- seldom needed, and every reader would load it

    return why_closed(port)


def play_file(config: Config, file: Path, speed: float, stop: Stop) -> None:
    """Publish recorded telegrams at their own pace, none lost: a file can wait for the broker. Ends with the file."""
    reader = Reader(config, recorded=True)
    pace = Pace(speed)
    session = reader.session
    session.start()
    try:
        for event in _recorded(file, reader.reception):
            if isinstance(event, Received):
                _rest(pace.wait_s(event.fields), reader, stop)
            while not stop.requested and not (session.connected and session.in_flight < _IN_FLIGHT_MAX):
                _rest(_BROKER_WAIT_S, reader, stop)
            if stop.requested:
                return
            reader.take(event)
            reader.tick()
        while (session.in_flight or reader.unsent) and not stop.requested:
            _rest(_BROKER_WAIT_S, reader, stop)
    finally:
        session.close()
    if not reader.reception.counts.telegrams:
        reason = reader.reception.why_no_telegram()
        raise ServiceError(f"no valid telegram in {file}" + (f": {reason}" if reason != SILENT else ""))
    _log.info("%d telegrams published from %s", reader.reception.counts.telegrams, file)


def _recorded(file: Path, reception: Reception) -> Iterator[Received | Rejected]:
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_FILE_CHUNK_BYTES):
                yield from reception.feed(chunk)
            yield from reception.finish()
    except OSError as error:
        raise ServiceError(f"cannot read {file}: {error.strerror}") from None


def _rest(seconds: float, reader: Reader, stop: Stop) -> None:
    """Let time pass, and do what is due in it."""
    end_s = time.monotonic() + seconds
    while not stop.requested and (left_s := end_s - time.monotonic()) > 0:
        wait_for([reader.session, stop], min(left_s, reader.seconds_left(time.monotonic())))
        reader.tick()


def _checks(config: Config) -> "Iterable[Check]":
    from reader.check import checks  # noqa: PLC0415 -- only --check needs it

    return checks(config)


def run(arguments: list[str]) -> int:
    """Run the service or one of its commands; give the exit code."""
    command, *rest = arguments or [""]
    if command == "decode":
        from reader import decode  # noqa: PLC0415 -- a command, not the service

        parser = argparse.ArgumentParser(prog="python -m reader decode", description="Decode telegrams into JSON.")
        decode.add_arguments(parser)
        return decode.decode_files(parser.parse_args(rest))
    if command == "capture":
        from reader import capture  # noqa: PLC0415 -- a command, not the service

        parser = argparse.ArgumentParser(prog="python -m reader capture", description="Keep telegrams, to show them to others.")
        capture.add_arguments(parser)
        with Stop() as stop:
            return capture.capture(parser.parse_args(rest), stop)
    if command == "simulate":
        from reader import simulate  # noqa: PLC0415 -- a command, not the service

        parser = argparse.ArgumentParser(prog="python -m reader simulate", description="Play a household with a P1 meter.")
        simulate.add_arguments(parser)
        with Stop() as stop:
            return simulate.simulate(parser.parse_args(rest), stop)
    parser = argument_parser(SERVICE, "Read the P1 port and publish every telegram. Commands: decode, capture, simulate.")
    parser.add_argument("-f", "--file", type=Path, metavar="FILE", help="take recorded telegrams from FILE instead of the port")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="with -f: N times as fast; 0: no waits")
    return run_service(parser, main, (SerialSettings, HomeAssistantSettings), checks=_checks, arguments=arguments)


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 <= speed < float("inf"):
        raise ValueError(text)
    return speed


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
