"""The file that outlives a restart: replaced as a whole, written beside the main loop."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from relay_controller.state_file import StateWriter, read_state, write_state
from tests.support.waiting import eventually

LONG_S = 20.0


def content(folder: Path) -> dict[str, str]:
    """Give the files of a folder by name."""
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


# The file.


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """And nothing else is left in the folder."""
    write_state(tmp_path / "state.json", "one ³\n")
    assert read_state(tmp_path / "state.json") == "one ³\n"
    assert content(tmp_path) == {"state.json": "one ³\n"}


def test_there_is_no_file_before_the_first_one(tmp_path: Path) -> None:
    """Nor a folder; that is no problem."""
    assert read_state(tmp_path / "state.json") is None
    assert read_state(tmp_path / "a" / "b" / "state.json") is None


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    """With those above it."""
    write_state(tmp_path / "a" / "b" / "state.json", "one")
    assert content(tmp_path / "a" / "b") == {"state.json": "one"}


def test_the_file_is_replaced_and_never_written_into(tmp_path: Path) -> None:
    """Who has the old one open still reads all of it, also when the new one is shorter."""
    path = tmp_path / "state.json"
    write_state(path, "the old text")
    with path.open(encoding="utf-8") as old:
        write_state(path, "new")
        assert old.read() == "the old text"
    assert content(tmp_path) == {"state.json": "new"}


@pytest.mark.parametrize("leftover", ["", "half of a te", "a text that is much longer than the new one"])
def test_what_a_crash_left_behind_does_not_matter(tmp_path: Path, leftover: str) -> None:
    """It is never read, and the next write uses it up."""
    path = tmp_path / "state.json"
    (tmp_path / ".state.json.new").write_text(leftover, encoding="utf-8")
    assert read_state(path) is None
    write_state(path, "one")
    assert content(tmp_path) == {"state.json": "one"}


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    """It is left as it is, and nothing beside it."""
    path = tmp_path / "state.json"
    (path / "inside").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        read_state(path)
    with pytest.raises(IsADirectoryError):
        write_state(path, "one")
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    """To read and to write."""
    (tmp_path / "data").write_text("mine", encoding="utf-8")
    for path in (tmp_path / "data" / "state.json", tmp_path / "data" / "deeper" / "state.json"):
        with pytest.raises(OSError, match=r"Not a directory|File exists"):
            read_state(path)
        with pytest.raises(OSError, match=r"Not a directory|File exists"):
            write_state(path, "one")
    assert content(tmp_path) == {"data": "mine"}


def test_the_old_file_stays_when_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    """Here something is in the place of the new one."""
    path = tmp_path / "state.json"
    write_state(path, "old")
    (tmp_path / ".state.json.new").mkdir()
    with pytest.raises(IsADirectoryError):
        write_state(path, "new")
    assert read_state(path) == "old"


def test_a_full_disk_leaves_the_old_file_and_no_half_of_the_new_one(tmp_path: Path) -> None:
    """`/dev/full` takes no byte."""
    path = tmp_path / "state.json"
    write_state(path, "old")
    (tmp_path / ".state.json.new").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        write_state(path, "new")
    assert content(tmp_path) == {"state.json": "old"}
    assert Path("/dev/full").is_char_device()


def test_what_is_not_utf_8_is_no_text_of_ours(tmp_path: Path) -> None:
    """A block of another file, say."""
    (tmp_path / "state.json").write_bytes(b"\xff\xfe\x00one")
    with pytest.raises(ValueError, match="can't decode byte 0xff"):
        read_state(tmp_path / "state.json")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """A megabyte is enough for a thousand loads."""
    path = tmp_path / "state.json"
    path.write_bytes(b" " * 1_000_000)
    assert read_state(path) == " " * 1_000_000
    path.write_bytes(b" " * 1_000_001)
    with pytest.raises(ValueError, match="it is too large"):
        read_state(path)


# The thread that writes it.


@contextmanager
def blocked(path: Path) -> Iterator[None]:
    """Let no write come to an end: who opens a pipe waits for its reader. At the end that write fails."""
    pipe = path.with_name(f".{path.name}.new")
    os.mkfifo(pipe)
    try:
        yield
    finally:
        with pipe.open("rb") as reader:
            reader.read()


def test_the_writer_writes_soon(tmp_path: Path) -> None:
    """Without being closed."""
    writer = StateWriter(tmp_path / "state.json")
    writer.write("one")
    eventually(lambda: content(tmp_path) == {"state.json": "one"})
    writer.write("two")
    eventually(lambda: content(tmp_path) == {"state.json": "two"})
    writer.close(LONG_S)
    assert writer.trouble is None


def test_the_end_waits_for_what_is_left(tmp_path: Path) -> None:
    """What was said last is on the disk then; without a word there is no file."""
    for number in range(20):
        folder = tmp_path / str(number)
        writer = StateWriter(folder / "state.json")
        writer.write("one")
        writer.write("two")
        writer.close(LONG_S)
        assert content(folder) == {"state.json": "two"}
    StateWriter(tmp_path / "state.json").close(LONG_S)
    assert not (tmp_path / "state.json").exists()


def test_nobody_waits_for_a_disk_that_hangs(tmp_path: Path) -> None:
    """Words are taken at once, and the end comes after its time; of many words only the last one is written."""
    path = tmp_path / "state.json"
    writer = StateWriter(path)
    with blocked(path):
        writer.write("one")
        eventually(lambda: writer._text is None)
        writer.write("two")
        writer.write("three")
        writer.close(0.01)
        assert not path.exists()
    writer.close(LONG_S)
    assert content(tmp_path) == {"state.json": "three"}


def test_trouble_is_told_until_a_write_goes_well(tmp_path: Path) -> None:
    """Each failure is the newest one's; the thread goes on."""
    path = tmp_path / "data" / "state.json"
    path.parent.write_text("a file", encoding="utf-8")
    writer = StateWriter(path)
    assert writer.trouble is None
    writer.write("one")
    trouble = eventually(lambda: writer.trouble)
    assert isinstance(trouble, FileExistsError)
    path.parent.unlink()
    writer.write("two")
    eventually(lambda: writer.trouble is None)
    writer.close(LONG_S)
    assert content(path.parent) == {"state.json": "two"}
