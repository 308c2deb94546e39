"""The record of pins as a file."""

from pathlib import Path

import pytest

from relay_controller.driven_pins import DrivenPin
from relay_controller.load import Pin
from relay_controller.pin_record import PinRecord, record_beside

BOILER = DrivenPin("boiler", Pin(17, active_low=False), safe_on=False)


@pytest.mark.parametrize(
    ("state_folder", "place"),
    [
        ("", "/data/mine-pins.json"),
        ("/var/lib/smartmeter", "/var/lib/smartmeter/relay-pins.json"),
        ("/var/lib/one:/var/lib/two", "/var/lib/one/relay-pins.json"),
    ],
)
def test_the_record_is_found_without_settings_where_there_is_a_folder_for_state(state_folder: str, place: str) -> None:
    """Else beside the state file, for two controllers with two state files have nothing to do with each other."""
    assert record_beside(Path("/data/mine.json"), state_folder) == Path(place)


def test_what_is_recorded_is_read_and_not_written_twice(tmp_path: Path) -> None:
    """The same file stays: an SD card wears out by writing."""
    record = PinRecord(tmp_path / "data" / "pins.json")
    assert record.read() == ()
    record.write((BOILER,))
    assert record.read() == (BOILER,)
    before = record.path.stat().st_ino
    record.write((BOILER,))
    assert record.path.stat().st_ino == before
    record.write(())
    assert record.read() == ()


def test_where_nothing_is_driven_nothing_is_made(tmp_path: Path) -> None:
    """No file, and no folder for it."""
    PinRecord(tmp_path / "data" / "pins.json").write(())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b" " * 2_000_000])
def test_a_record_that_cannot_be_read_is_told_and_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    """It keeps no load from working."""
    record = PinRecord(tmp_path / "pins.json")
    record.path.write_bytes(content)
    assert record.read() == ()
    assert f"cannot read which pins were driven: {record.path}: " in caplog.text
    record.write((BOILER,))
    assert record.read() == (BOILER,)


def test_a_record_that_cannot_be_written_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With what that means."""
    (tmp_path / "file").touch()
    record = PinRecord(tmp_path / "file" / "pins.json")
    record.write((BOILER,))
    words = f"after a crash only good settings would make the loads safe: cannot write {record.path}: Not a directory"
    assert words in caplog.text
