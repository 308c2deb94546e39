"""Quotes around the values of old config files: the first smartmeter's sample had some."""

_SHORTEST = 2
# The keys that its files have, but for those that are not used. No password is among them: it may have quotes of its own.
_KEYS = {
    "logging": {"loglevel"},
    "serial": {"port", "baudrate", "speed", "bytesize", "bytes", "parity", "stopbits"},
    "influx": {"enabled", "url", "token", "org", "bucket", "verify_ssl", "timeout", "upload_interval"},
    "csv": {"enabled", "file_prefix", "file_path", "write_header", "write_every", "max_lines", "max_age"},
    "load:NAME": {"enabled", "max_power", "switch_on", "switch_off", "hold_timer"},
    "load": {"enabled", "max_consume", "max_inject", "consume_time", "inject_time"},
}


def unquoted(section: str, key: str, text: str) -> str:
    """Give the text of a key without the pair of quotes around it, if it cannot be part of it; `section` may be `load:NAME`."""
    is_quoted = len(text) >= _SHORTEST and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1].strip() if is_quoted and key in _KEYS.get(section, ()) else text
