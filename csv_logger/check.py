"""The folder's part of `python -m csv_logger --check`."""

import errno
from collections.abc import Iterator
from pathlib import Path

from common.check import Check, ok, problem
from common.check_broker import check_telegrams
from common.check_host import check_versions, nearest_folder, remedies, user_name
from common.remedies import Place
from common.sections import CsvSettings
from common.settings import Config
from csv_logger.folder import free_bytes, try_to_go_on, try_to_write
from csv_logger.names import Names

_SERVICE = "csv_logger"
_MEGABYTE = 1_000_000
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))  # systemd.exec(5), ProtectHome=


def checks(config: Config) -> Iterator[Check]:
    """Check that the folder is there, or can be made, and has room; and that telegrams come."""
    yield from check_versions()
    settings = config.section(CsvSettings)
    if not settings.enabled:
        yield ok("CSV files", "not written: [csv] enabled = no")
        return
    yield from check_telegrams(config, _SERVICE)
    folder = Path(settings.file_path)
    what = f"CSV files in {folder}"
    existing = nearest_folder(folder)
    try:
        try_to_write(existing)
        free_mb = free_bytes(existing) // _MEGABYTE
    except OSError as error:
        yield problem(what, f"cannot write in {existing}: {error.strerror}", mend_folder(folder, error.errno, remedies().place))
        return
    try:
        if existing == folder.absolute():
            try_to_go_on(existing, Names(settings.file_prefix))
    except OSError as error:
        yield problem(what, f"cannot go on in {error.filename}: {error.strerror}", f"sudo chown {user_name()} {error.filename}")
        return
    found = f"{free_mb} MB free, {settings.min_free_mb} MB stay free"
    if free_mb > settings.min_free_mb:
        yield ok(what, found)
    else:
        mend = f"make room in {existing}; or set [csv] keep_days, which deletes old files, or a lower min_free_mb"
        yield problem(what, f"nothing is written: {found}", mend)


def mend_folder(folder: Path, number: int | None, place: Place) -> str:
    """Say what lets the service write in a folder where it met an error; `number` is that of the error."""
    existing = nearest_folder(folder)
    if not existing.is_dir():
        return f"{existing} is a file: set [csv] file_path to a folder"
    make = f"sudo install -d -o {user_name()} {folder.absolute()}"  # also if it is there already
    unit = f"sudo systemctl edit smartmeter@{_SERVICE}, and there: [Service]"
    if place is Place.SYSTEM and any(folder.absolute().is_relative_to(home) for home in _HOMES):
        outside = "set [csv] file_path to a folder that is in nobody's home"
        return f"{outside}; or {make}, then {unit} ProtectHome=no and ReadWritePaths={folder.absolute()}"
    if number == errno.EROFS and place is not Place.SYSTEM:
        return "its disk is mounted read-only, sudo dmesg | tail tells why; or set [csv] file_path to another one"
    if number == errno.EROFS:
        return f"{make}, then {unit} ReadWritePaths={folder.absolute()}, then: sudo systemctl restart smartmeter@{_SERVICE}"
    return f"{make}, or set [csv] file_path to a folder that {user_name()} may write in"
