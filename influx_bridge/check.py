"""The queue's and the database's part of `python -m influx_bridge --check`."""

import os
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from common.check import Check, ok, problem, warning
from common.check_broker import check_telegrams
from common.check_host import check_versions, nearest_folder, user_name
from common.sections import InfluxSettings
from common.settings import Config
from influx_bridge.failure import Failure
from influx_bridge.queue_place import COMPANIONS, look
from influx_bridge.replica import queue_file_of
from influx_bridge.selection import OWN

_SERVICE = "influx_bridge"
_MEGABYTE = 1_000_000
_MENDS = {
    None: "start it, or correct [influx] url",
    HTTPStatus.UNAUTHORIZED: "set [influx] token to a token of this server",
    HTTPStatus.FORBIDDEN: "set [influx] token to one that may write to this bucket",
    HTTPStatus.NOT_FOUND: "correct [influx] url, org and bucket",
}


def checks(config: Config) -> Iterator[Check]:
    """Look at the queue file; check that the database is reached and takes points, with a write that stores nothing."""
    yield from check_versions("urllib3")
    settings = config.section(InfluxSettings)
    if not settings.enabled:
        yield ok("InfluxDB", "not used: [influx] enabled = no")
        return
    yield from check_telegrams(config, _SERVICE, all_meters=settings.meters != OWN)
    yield from _queue(settings)
    yield _database(settings)


def _queue(settings: InfluxSettings) -> Iterator[Check]:
    path = queue_file_of(Path(settings.queue_file), settings.instance)
    well, found = look(path)
    what = f"queue file {path}"
    if not well:
        yield problem(what, found, f"set [influx] queue_file to a file that {user_name()} may write, or give it that right")
        return
    yield ok(what, found)
    disk = os.statvfs(nearest_folder(path.parent))
    free_mb = disk.f_bavail * disk.f_frsize // _MEGABYTE
    has_mb = sum(Path(f"{path}{one}").stat().st_size for one in COMPANIONS if Path(f"{path}{one}").exists()) // _MEGABYTE
    left_mb = settings.queue_max_mb - has_mb
    if free_mb < left_mb:
        found = f"{free_mb} MB free; the queue may grow by {left_mb} MB, in an outage of the database"
        yield warning("disk of the queue", found, "make room, or set a lower [influx] queue_max_mb")


def _database(settings: InfluxSettings) -> Check:
    from influx_bridge.database import Database  # noqa: PLC0415 -- 40 MB that only an enabled service needs

    database = Database(settings)
    failure = database.check()
    database.close()
    what = f"InfluxDB {settings.url}"
    if failure is None:
        return ok(what, f"takes points for bucket {settings.bucket}")
    return problem(what, str(failure), _mend(failure))


def _mend(failure: Failure) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in failure.words:
        return "give the server a certificate that this machine knows, or set [influx] verify_ssl = no"
    status = HTTPStatus(failure.status) if failure.status in set(HTTPStatus) else None
    return _MENDS.get(status if failure.status is not None else None, "see the server's own words")
