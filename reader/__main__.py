"""The service `reader`, and its commands `decode` and `simulate`: the wiring of port, reception and broker."""

import argparse
import logging
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from common.crc import HAS_C_EXTENSION
from common.freshness import StaleAfter
from common.log import OncePer
from common.mqtt import ONLINE, STALE
from common.sections import MeterSettings, MqttSettings, SerialSettings
from common.service import Check, Health, ServiceError, argument_parser, open_session, run_service
from common.settings import Config, SettingsError
from common.telegram import Dialect
from common.waiting import Stop, wait_for
from reader import decode, simulate
from reader.field_updates import FieldUpdates
from reader.line import Line
from reader.messages import messages_of, raw_message
from reader.pace import Pace
from reader.reception import Received, Reception, Rejected
from reader.serial_port import PortBusyError, PortGoneError, PortSettingsError, open_port

SERVICE = "reader"
_SAY_AGAIN_S = 60.0
_IN_FLIGHT_MAX = 100  # of a recording, which can wait for the broker
_BROKER_WAIT_S = 0.01
_FILE_CHUNK_BYTES = 4096

_log = logging.getLogger(SERVICE)


class Reader:
    """Publishes what the reception gives, and keeps status, health and the log true."""

    def __init__(self, config: Config, *, recorded: bool = False) -> None:
        meter, mqtt = config.section(MeterSettings), config.section(MqttSettings)
        self.reception = Reception(meter.name, Dialect(meter.dialect), meter.timezone, recorded)
        self.session = open_session(config, SERVICE)
        self.session.set_status(STALE)
        self._stale_after = StaleAfter(meter.stale_after)
        self._updates = FieldUpdates(mqtt.field_interval, mqtt.field_refresh)
        self._raw = mqtt.publish_raw
        self._health = Health(self.session, SERVICE, mqtt.health_interval)
        self._connections = 0
        self._is_stale = True
        self._say_rejected = OncePer(_SAY_AGAIN_S)

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until something is due without a telegram."""
        until_stale_s = _SAY_AGAIN_S if self._is_stale else self._stale_after.seconds_left(now_s)
        return min(self._health.seconds_left(now_s), until_stale_s)

    def take(self, event: Received | Rejected) -> None:
        """Publish a good telegram; log a rejected one, once per minute."""
        now_s = time.monotonic()
        if isinstance(event, Rejected):
            if self._say_rejected.due(now_s):
                counts = self.reception.counts
                _log.warning("a telegram was rejected (%d so far): %s", counts.crc_errors + counts.rejected, event.reason)
            return
        self._stale_after.saw_telegram(now_s)
        reading = self.reception.reading(event, datetime.now(UTC), now_s)
        for message in messages_of(reading, self.session.topics, self._updates, now_s):
            self.session.send(message)
        if self._raw:
            self.session.send(raw_message(event.frame, self.session.topics))

    def tick(self) -> None:
        """Do what is due besides telegrams: status, health, and all fields again after a reconnection."""
        list(self.session.take())  # nothing is subscribed; this only quiets its file descriptor
        if self.session.connections != self._connections:
            self._connections = self.session.connections
            self._updates.forget()
        is_stale = self._stale_after.is_stale(time.monotonic())
        if is_stale != self._is_stale:
            self._is_stale = is_stale
            if is_stale:
                _log.warning("no valid telegram for %.0f s", self._stale_after.seconds)
            else:
                _log.info("telegrams arrive")
            self.session.set_status(STALE if is_stale else ONLINE)
        self._health.publish_when_due(self.reception.health)


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
        raise SettingsError([f"[serial] port {config.section(SerialSettings).port}: {error}"]) from None


def read_port(config: Config, stop: Stop) -> None:
    """Publish what comes in at the port, until asked to stop.

    The broker hears of this reader only after it tried the port: a second reader must not push out the first one there.
    """
    reader = Reader(config)
    line = Line(config.section(SerialSettings))
    losses, started = 0, False
    try:
        while not stop.requested:
            now_s = time.monotonic()
            timeout_s = min(reader.seconds_left(now_s), line.seconds_left(now_s))
            ready = wait_for([reader.session, stop, *line.waits_on()], timeout_s)
            for event in reader.reception.feed(line.read(ready, time.monotonic())):
                reader.take(event)
            if line.losses != losses:
                losses = line.losses
                reader.reception.restart()
            if line.tried and not started:
                reader.session.start()
                started = True
            reader.tick()
    finally:
        line.close()
        reader.session.close()


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
        while session.in_flight and not stop.requested:
            _rest(_BROKER_WAIT_S, reader, stop)
    finally:
        session.close()
    if not reader.reception.counts.telegrams:
        raise ServiceError(f"no valid telegram in {file}")
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


def checks(config: Config) -> Iterator[Check]:
    """Try the port for `--check`."""
    settings = config.section(SerialSettings)
    what = f"port {settings.port}"
    try:
        open_port(settings).close()
    except (PortGoneError, PortBusyError) as error:
        yield Check(what, well=False, found=error.strerror or str(error))
    except PortSettingsError as error:
        yield Check(what, well=False, found=str(error))
    else:
        yield Check(what, well=True, found="can be read")


def run(arguments: list[str]) -> int:
    """Run the service or one of its commands; give the exit code."""
    command, *rest = arguments or [""]
    if command == "decode":
        parser = argparse.ArgumentParser(prog="python -m reader decode", description="Decode telegrams into JSON.")
        decode.add_arguments(parser)
        return decode.decode_files(parser.parse_args(rest))
    if command == "simulate":
        parser = argparse.ArgumentParser(prog="python -m reader simulate", description="Play a household with a P1 meter.")
        simulate.add_arguments(parser)
        with Stop() as stop:
            return simulate.simulate(parser.parse_args(rest), stop)
    parser = argument_parser(SERVICE, "Read the meter's P1 port and publish every telegram. Commands: decode, simulate.")
    parser.add_argument("-f", "--file", type=Path, metavar="FILE", help="take recorded telegrams from FILE instead of the port")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="with -f: N times as fast; 0: no waits")
    return run_service(parser, main, (SerialSettings,), checks, arguments)


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 <= speed < float("inf"):
        raise ValueError(text)
    return speed


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
