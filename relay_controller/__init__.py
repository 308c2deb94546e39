"""The service that switches loads by fresh telegrams, by a person's command, and to their safe state without either."""
