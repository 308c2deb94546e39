"""The record of the pins that this machine drives: a file from which they are made safe whatever the settings have become.

Settings can be wrong, unreadable or simply others by the time a process crashes; the pins stay as they were.
"""

import logging
from pathlib import Path

from relay_controller.driven_pins import Pins, pins_from, text_of
from relay_controller.state_file import read_state, write_state

_log = logging.getLogger(__name__)


def record_beside(state_file: Path, state_folder: str) -> Path:
    """Give the place of the record: in the folder that systemd or a container gives for state, else beside the state file.

    In the first no settings are needed to find it. `state_folder` is $STATE_DIRECTORY (systemd.exec), empty without one.
    """
    first, _, _ = state_folder.partition(":")
    return Path(first, "relay-pins.json") if first else state_file.with_name(f"{state_file.stem}-pins.json")


class PinRecord:
    """One record. A file that cannot be used costs what only the file knows: the settings count all the same."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Pins:
        """Give what is recorded; nothing where there is no record, or none that can be read."""
        try:
            text = read_state(self.path)
            return () if text is None else pins_from(text)
        except (OSError, ValueError) as error:
            _log.warning("cannot read which pins were driven: %s: %s", self.path, getattr(error, "strerror", None) or error)
            return ()

    def write(self, pins: Pins) -> None:
        """Replace the record, on the disk when this returns; an SD card is spared what it has already."""
        text = text_of(pins)
        try:
            if self._text() != text:
                write_state(self.path, text)
        except OSError as error:
            reason = error.strerror or error
            _log.warning("after a crash only good settings would make the loads safe: cannot write %s: %s", self.path, reason)

    def _text(self) -> str:
        """Give what the file says; a file that is not there says that there are no pins."""
        try:
            return read_state(self.path) or text_of(())
        except ValueError:
            return ""
