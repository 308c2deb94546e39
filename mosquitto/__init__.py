"""Logins, rights and certificates of the broker: `python -m mosquitto`. Beside it lies the broker's own configuration."""
