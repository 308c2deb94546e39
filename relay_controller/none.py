"""The driver of a load that nothing switches: its decisions are only published."""


class NoRelay:
    """Switches nothing."""

    def switch(self, *, on: bool) -> bool:  # noqa: ARG002 -- the interface of a driver
        """Do nothing, always with success."""
        return True

    def close(self) -> None:
        """Do nothing."""
