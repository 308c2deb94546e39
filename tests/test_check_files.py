"""What `--check` says of files and folders that a service may not use."""

import errno
from pathlib import Path

import pytest

from common.check_host import group_name, nearest_folder, user_name
from common.remedies import Place, Remedies
from csv_logger.check import mend_folder
from tests.support.closed_folder import answers_of_weak, in_a_closed_folder
from tests.support.processes import REPOSITORY
from tests.support.waiting import free_port


def test_a_folder_for_csv_files_in_a_closed_one_is_an_answer(tmp_path: Path) -> None:
    """With the folder that is there, and what makes the other."""
    answers = in_a_closed_folder(tmp_path, "csv_logger", "[csv]\nfile_path = {}/x")
    check = next(check for check in answers if check.level == "problem" and check.what.startswith("CSV files"))
    assert check.found == f"cannot write in {tmp_path / 'closed'}: Permission denied"
    assert check.mend.startswith(f"sudo install -d -o {user_name()} {tmp_path / 'closed/x'}")


@pytest.mark.parametrize("name", [".wip__smartmeter_20260131_120000.csv", ".lock__smartmeter_"])
def test_a_file_that_somebody_else_left_open_is_an_answer(name: str, tmp_path: Path) -> None:
    """As after a run by hand as root: the folder alone may be written. Complete files are not written any more."""
    folder, file = tmp_path / "csv", tmp_path / "config.ini"
    folder.mkdir()
    file.write_text(f"[mqtt]\nport = {free_port()}\n[csv]\nfile_path = {folder}\nmin_free_mb = 0\n", encoding="utf-8")
    for left in ("smartmeter_20260130_120000.csv", ".wip__other_20260131_120000.csv"):
        (folder / left).touch(mode=0o444)
    what = f"CSV files in {folder}"
    assert [check.level for check in answers_of_weak("csv_logger", file) if check.what == what] == ["ok"]
    (folder / name).touch(mode=0o444)
    (check,) = [check for check in answers_of_weak("csv_logger", file) if check.what == what]
    assert (check.level, check.found) == ("problem", f"cannot go on in {folder / name}: Permission denied")
    assert check.mend == f"sudo chown {user_name()} {folder / name}"


def test_a_queue_in_a_closed_folder_is_an_answer(tmp_path: Path) -> None:
    """It names the setting."""
    influx = "[influx]\nenabled = yes\nurl = http://127.0.0.1:1\ntoken = x\norg = x\nqueue_file = {}/x/queue.db"
    answers = in_a_closed_folder(tmp_path, "influx_bridge", influx)
    check = next(check for check in answers if check.what.startswith("queue file"))
    assert (check.level, check.found) == ("problem", "Permission denied")
    assert "[influx] queue_file" in check.mend


def test_settings_that_may_not_be_read_are_told_with_what_opens_them(tmp_path: Path) -> None:
    """Nothing in them is wrong, so nobody is told to edit them; a folder above them may be what is closed."""
    folder = tmp_path / "etc"
    folder.mkdir()
    file = folder / "config.ini"
    file.touch(mode=0o000)
    (check,) = answers_of_weak("csv_logger", file)
    assert check.found == f"{file}: Permission denied"
    assert check.mend == f"sudo chgrp {group_name()} {file} && sudo chmod g+rX {file}"
    folder.chmod(0o000)
    try:
        (check,) = answers_of_weak("csv_logger", file)
    finally:
        folder.chmod(0o700)
    assert check.mend == f"sudo chgrp {group_name()} {folder} && sudo chmod g+rX {folder}"


def test_settings_of_a_container_are_opened_outside_of_it() -> None:
    """The path in it says nothing to a person."""
    mend = Remedies(Place.CONTAINER).open_settings("/etc/smartmeter/config.ini", "smartmeter")
    assert "/etc" not in mend
    assert mend.startswith("sudo chgrp 990 config.ini && chmod 640 config.ini")  # for nobody else: it has tokens
    assert "sudo chgrp 990 config.ini && chmod 640 config.ini" in (REPOSITORY / "docs/install.md").read_text(encoding="utf-8")


UNIT = "sudo systemctl edit smartmeter@csv_logger, and there: [Service]"


@pytest.mark.parametrize(
    ("folder", "number", "place", "mend"),
    [
        ("/srv/no-such/csv", errno.EACCES, Place.SYSTEM, "sudo install -d -o {user} {folder}, or set [csv] file_path to a"),
        (
            "/srv/no-such/csv",
            errno.EROFS,
            Place.SYSTEM,
            "sudo install -d -o {user} {folder}, then {unit} ReadWritePaths={folder}",
        ),
        ("/srv/no-such/csv", errno.EROFS, Place.CHECKOUT, "its disk is mounted read-only"),
        ("/home/no-such/csv", errno.EACCES, Place.SYSTEM, "set [csv] file_path to a folder that is in nobody's home; or "),
        ("/home/no-such/csv", errno.EACCES, Place.CHECKOUT, "sudo install -d -o {user} {folder}, or"),
        (__file__, errno.ENOTDIR, Place.SYSTEM, f"{__file__} is a file"),
    ],
)
def test_a_folder_that_a_unit_may_not_write_needs_more_than_an_owner(folder: str, number: int, place: Place, mend: str) -> None:
    """Its unit lets it write in its own folders only, and hides homes besides."""
    wanted = mend.format(folder=folder, user=user_name(), unit=UNIT)
    assert mend_folder(Path(folder), number, place).startswith(wanted)


def test_a_home_needs_two_lines_of_a_unit() -> None:
    """`ReadWritePaths=` alone does not show it."""
    mend = mend_folder(Path("/home/pi/csv"), errno.EACCES, Place.SYSTEM)
    assert mend.endswith(f"{UNIT} ProtectHome=no and ReadWritePaths=/home/pi/csv")


def test_the_nearest_folder_is_one_that_is_there(tmp_path: Path) -> None:
    """The path itself, or one above it."""
    assert nearest_folder(tmp_path) == tmp_path
    assert nearest_folder(tmp_path / "a/b") == tmp_path
