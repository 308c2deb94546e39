"""The service that writes every telegram as a row of a CSV file."""

import common  # noqa: F401 -- before all else: it says what is not to be loaded
