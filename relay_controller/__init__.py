"""The service that switches loads by fresh telegrams, by a person's command, and to their safe state without either."""

import common  # noqa: F401 -- before all else: it says what is not to be loaded
