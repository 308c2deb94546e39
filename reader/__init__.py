"""Reads the meter's P1 port and publishes every telegram."""

import common  # noqa: F401 -- before all else: it says what is not to be loaded
