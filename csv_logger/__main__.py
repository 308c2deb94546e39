"""The service `csv_logger`: takes telegrams from the broker and writes each as a row of a CSV file."""

import argparse
import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePath

from common.intake import own_reading
from common.log import OncePer, Tally
from common.mqtt import Message, MqttSession
from common.payload import PayloadError
from common.sections import CsvSettings, MeterSettings, MqttSettings
from common.service import (
    Check,
    Health,
    ServiceError,
    argument_parser,
    open_session,
    rest_until_stopped,
    run_service,
)
from common.settings import Config, SettingsError
from common.waiting import Stop, wait_for
from csv_logger.files import CsvFiles
from csv_logger.folder import free_bytes, try_to_write
from csv_logger.rotation import Moment

SERVICE = "csv_logger"
_SAY_AGAIN_S = 60.0
_LAST_COMPRESSION_S = 0.5  # at the end; with a second for the broker SIGTERM ends the service in less than 2 s
_MEGABYTE = 1_000_000

_log = logging.getLogger(SERVICE)


class Recorder:
    """Brings telegrams into the files, and keeps health and the log true."""

    def __init__(self, files: CsvFiles, meter: str, folder: PurePath) -> None:
        self._files = files
        self._folder = folder
        self._meter = meter
        self._rejected = Tally(_log, "not a telegram of ours")
        self._is_blocked = False
        self._say_blocked = OncePer(_SAY_AGAIN_S)

    def take(self, messages: Iterable[Message], now: Moment) -> None:
        """Take what came from the broker."""
        for message in messages:
            try:
                self._files.add(own_reading(message, self._meter), now)
            except PayloadError as error:
                self._rejected.add(f"on {message.topic!r}: {error}", now.monotonic_s)

    def work(self, now: Moment) -> None:
        """Do what is due in the files, and tell what hinders it. Raises ServiceError when the disk fails."""
        files = self._files
        with self._disk_failures_told():
            files.work(now)
        if files.obstacle and self._say_blocked.due(now.monotonic_s):
            text = "cannot write CSV rows: %s; %d wait in memory, %d are lost so far"
            _log.warning(text, files.obstacle, files.waiting, files.dropped)
        elif self._is_blocked and not files.obstacle:
            _log.info("CSV rows are written again; %d are lost so far", files.dropped)
            self._say_blocked.reset()
        self._is_blocked = files.obstacle is not None

    def finish(self) -> None:
        """Write what waits and complete the file; compress it if that is quick, else the next start does it."""
        with self._disk_failures_told():
            self._files.finish(_now())
        compressor, end_s = self._files.compressor, time.monotonic() + _LAST_COMPRESSION_S
        while compressor.has_work and time.monotonic() < end_s:
            compressor.step()
        compressor.abandon()
        self._files.close()

    def health(self) -> dict[str, object]:
        """Give the counters for `health`."""
        files = self._files
        return {
            "rows": files.rows,
            "file": files.file,
            "duplicates": files.duplicates,
            "rejected": self._rejected.count,
            "dropped": files.dropped,
        }

    @contextmanager
    def _disk_failures_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ServiceError(f"cannot write CSV files in {self._folder}: {error.strerror}") from error


def main(config: Config, _: argparse.Namespace, stop: Stop) -> None:
    """Run the service until it is asked to stop."""
    settings = config.section(CsvSettings)
    if not settings.enabled:
        rest_until_stopped(config, SERVICE, "[csv] enabled = no", stop)
        return
    files = _open_files(settings, config.source)
    _log.info("writing CSV files to %s, to the disk after every %d telegrams", settings.file_path, settings.write_every)
    _log.info("rows wait in memory until then: those not written yet are lost at a kill")
    session = open_session(config, SERVICE, keep_session=True)
    session.subscribe(session.topics.telegram, qos=1)
    session.subscribe(session.topics.backfill, qos=1)
    recorder = Recorder(files, config.section(MeterSettings).name, settings.file_path)
    health = Health(session, SERVICE, config.section(MqttSettings).health_interval)
    session.start()
    try:
        _run(session, recorder, files, health, stop)
    finally:
        session.close()  # before the last rows are written, so that from now on the broker keeps what comes
    while messages := session.take():  # they are acknowledged: the broker will not send them again
        recorder.take(messages, _now())
    recorder.finish()


def _run(session: MqttSession, recorder: Recorder, files: CsvFiles, health: Health, stop: Stop) -> None:
    while not stop.requested:
        now = _now()
        wait_for([session, stop], min(health.seconds_left(now.monotonic_s), files.seconds_left(now)))
        now = _now()
        recorder.take(session.take(), now)
        recorder.work(now)
        health.publish_when_due(recorder.health)


def checks(config: Config) -> Iterator[Check]:
    """Check that the folder is there, or can be made, and has room."""
    settings = config.section(CsvSettings)
    if not settings.enabled:
        yield Check("CSV files", well=True, found="not written: [csv] enabled = no")
        return
    folder = Path(settings.file_path)
    what = f"CSV files in {folder}"
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        try_to_write(existing)
        free_mb = free_bytes(existing) // _MEGABYTE
    except OSError as error:
        yield Check(what, well=False, found=f"cannot write in {existing}: {error.strerror}")
        return
    found = f"{free_mb} MB free, {settings.min_free_mb} MB stay free"
    yield Check(what, well=free_mb > settings.min_free_mb, found=found)


def _open_files(settings: CsvSettings, source: str) -> CsvFiles:
    try:
        return CsvFiles(settings, _now())
    except BlockingIOError as error:
        raise ServiceError(f"another csv_logger writes to {settings.file_path}") from error
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        problem = f"expected a folder to write in, {settings.file_path}: {error.strerror}{where}"
        raise SettingsError([f"{source}: [csv] file_path: {problem}"]) from error


def _now() -> Moment:
    return Moment(datetime.now(UTC).astimezone(), time.monotonic())


if __name__ == "__main__":
    parser = argument_parser(SERVICE, "Write every telegram as a row of a CSV file.")
    sys.exit(run_service(parser, main, (CsvSettings,), checks=checks))
