"""What makes [influx] unusable although each of its values is well-formed."""

from urllib.parse import urlsplit

from common.sections import InfluxSettings
from influx_bridge.selection import OWN

_QUOTES = ('"', "'")


def problems_of(settings: InfluxSettings) -> list[str]:
    """Name every problem of an enabled [influx], as `[influx] KEY: expected ..., got "..."`; no secret is ever told."""
    found = [_problem("url", _expected_of_url(settings.url), None if _may_tell_secrets(settings.url) else settings.url)]
    found.append(_problem("token", _expected_of_token(settings.token)))
    for key, value in (("org", settings.org), ("bucket", settings.bucket)):
        found.append(_problem(key, _expected_of_name(value), value))
    if settings.meters != OWN and not settings.meter_tag:
        wanted = f"yes with meters = {settings.meters}: points of several meters would be one series"
        found.append(_problem("meter_tag", wanted, "no"))
    if settings.instance.isdecimal():
        found.append(
            _problem("instance", "a name that is no number: those are of bridges that count themselves", settings.instance)
        )
    return [problem for problem in found if problem]


def _problem(key: str, expected: str, got: str | None = None) -> str:
    told = "" if got is None else f', got "{got}"'
    return f"[influx] {key}: expected {expected}{told}" if expected else ""


def _expected_of_url(url: str) -> str:
    """Tell what is expected instead; empty if it is well. A path is well: InfluxDB may be behind a proxy."""
    try:
        parts = urlsplit(url)
        well = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and not _is_quoted(url)
    except ValueError:  # a port that is no number, a bracket that is not closed
        well = False
    if well and "@" in parts.netloc:
        return "http://host:port without user and password; the token stands for them"
    if well and not set(url).isdisjoint("?#"):
        return "http://host:port without ? or # and what follows; token, org and bucket are keys of their own"
    well = well and url.isascii() and url.isprintable() and not set(url) & set(" \"'")
    return "" if well else "http://host:port"


def _may_tell_secrets(url: str) -> bool:
    """Tell whether there may be a password (`me:hush@`) or a token (`?token=`) in it; where these end, nobody can be sure."""
    return not set(url).isdisjoint("@?#")


def _expected_of_token(token: str) -> str:
    if not token:
        return "a token, with enabled = yes (any text, if the server wants none)"
    if _is_quoted(token):
        return "a token without quotes around it"
    return "" if token.isascii() and token.isprintable() and " " not in token else "a token of ASCII letters, digits and signs"


def _expected_of_name(name: str) -> str:
    if not name:
        return "a name, with enabled = yes (any text, if the server has none)"
    return "a name without quotes around it" if _is_quoted(name) else ""


def _is_quoted(text: str) -> bool:
    return text.startswith(_QUOTES) or text.endswith(_QUOTES)
