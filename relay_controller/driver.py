"""What a driver is: the outer end of a load."""

from typing import Protocol


class DriverError(Exception):
    """A relay cannot be reached from this machine; the text says which and why."""


class Driver(Protocol):
    """Switches one relay."""

    def switch(self, *, on: bool) -> bool:
        """Switch; False if the command could not be sent now. Raises DriverError if it never can."""

    def close(self) -> None:
        """Let go of the relay; one that this machine drives is in its safe state then. Raises DriverError."""
