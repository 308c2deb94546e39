"""The service that writes telegrams and the loads' switches to InfluxDB."""

import common  # noqa: F401 -- before all else: it says what is not to be loaded
