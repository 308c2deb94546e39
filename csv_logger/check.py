"""The folder's part of `python -m csv_logger --check`."""

from collections.abc import Iterator
from pathlib import Path

from common.check import Check, ok, problem
from common.check_broker import check_telegrams
from common.check_host import check_versions, user_name
from common.sections import CsvSettings
from common.settings import Config
from csv_logger.folder import free_bytes, try_to_write

_SERVICE = "csv_logger"
_MEGABYTE = 1_000_000


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
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        try_to_write(existing)
        free_mb = free_bytes(existing) // _MEGABYTE
    except OSError as error:
        yield problem(what, f"cannot write in {existing}: {error.strerror}", _mend_folder(existing))
        return
    found = f"{free_mb} MB free, {settings.min_free_mb} MB stay free"
    if free_mb > settings.min_free_mb:
        yield ok(what, found)
    else:
        mend = f"make room in {existing}; or set [csv] keep_days, which deletes old files, or a lower min_free_mb"
        yield problem(what, f"nothing is written: {found}", mend)


def _mend_folder(existing: Path) -> str:
    if not existing.is_dir():
        return f"{existing} is a file: set [csv] file_path to a folder"
    user = user_name()
    return f"sudo chown {user} {existing}, or set [csv] file_path to a folder that it may write in"
