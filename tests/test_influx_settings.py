"""influx_bridge.settings: an enabled [influx] that cannot work."""

from dataclasses import replace

import pytest

from common.sections import InfluxSettings
from influx_bridge.settings import problems_of

GOOD = InfluxSettings(enabled=True, url="http://127.0.0.1:8086", token="s3cret==", org="my home")  # noqa: S106 -- made up
URL = "[influx] url: expected http://host:port"
NO_QUERY = "without ? or # and what follows; token, org and bucket are keys of their own"
NO_NAME = "expected a name, with enabled = yes (any text, if the server has none)"


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        (GOOD, []),
        (replace(GOOD, url="https://eu-central-1-1.aws.cloud2.influxdata.com"), []),
        (replace(GOOD, url="https://example.org/influx/"), []),
        (replace(GOOD, url="http://[::1]:8086"), []),
        (replace(GOOD, url=""), [f'{URL}, got ""']),
        (replace(GOOD, url='"https://127.0.0.1:8086"'), [f'{URL}, got ""https://127.0.0.1:8086""']),
        (replace(GOOD, url="127.0.0.1:8086"), [f'{URL}, got "127.0.0.1:8086"']),
        (replace(GOOD, url="ftp://host"), [f'{URL}, got "ftp://host"']),
        (replace(GOOD, url="http://"), [f'{URL}, got "http://"']),
        (replace(GOOD, url="http://host:port"), [f'{URL}, got "http://host:port"']),
        (replace(GOOD, url="http://host:99999"), [f'{URL}, got "http://host:99999"']),
        (replace(GOOD, url="http://[::1"), [f'{URL}, got "http://[::1"']),
        (replace(GOOD, url="http://host:8086?token=hush"), [f"{URL} {NO_QUERY}"]),
        (replace(GOOD, url="http://host/#token=hush"), [f"{URL} {NO_QUERY}"]),
        (replace(GOOD, url="host:8086?token=hush"), [URL]),
        (replace(GOOD, url="me:hush@host:8086"), [URL]),
        (replace(GOOD, url="http://me:hu?sh@host"), [URL]),
        (replace(GOOD, url="http://me:hush@my host"), [f"{URL} without user and password; the token stands for them"]),
        (replace(GOOD, url="http://my host"), [f'{URL}, got "http://my host"']),
        (replace(GOOD, url="http://me:hush@host"), [f"{URL} without user and password; the token stands for them"]),
        (
            replace(GOOD, token=""),
            ["[influx] token: expected a token, with enabled = yes (any text, if the server wants none)"],
        ),
        (replace(GOOD, token='"s3cret"'), ["[influx] token: expected a token without quotes around it"]),  # noqa: S106 -- made up
        (replace(GOOD, token="s3 cret"), ["[influx] token: expected a token of ASCII letters, digits and signs"]),  # noqa: S106 -- made up
        (replace(GOOD, token="s3crét"), ["[influx] token: expected a token of ASCII letters, digits and signs"]),  # noqa: S106 -- made up
        (replace(GOOD, org=""), [f'[influx] org: {NO_NAME}, got ""']),
        (replace(GOOD, bucket="'b'"), ["[influx] bucket: expected a name without quotes around it, got \"'b'\""]),
        (replace(GOOD, meters="all", meter_tag=True), []),
        (replace(GOOD, shared_group="writers", instance="east-2"), []),
        (
            replace(GOOD, instance="2"),
            ['[influx] instance: expected a name that is no number: those are of bridges that count themselves, got "2"'],
        ),
        (
            replace(GOOD, meters="house-1*"),
            ['[influx] meter_tag: expected yes with meters = house-1*: points of several meters would be one series, got "no"'],
        ),
        (
            replace(GOOD, meters="all"),
            ['[influx] meter_tag: expected yes with meters = all: points of several meters would be one series, got "no"'],
        ),
    ],
)
def test_each_problem_is_told_with_what_is_expected(settings: InfluxSettings, problems: list[str]) -> None:
    """And with what is there, unless that is a secret."""
    assert problems_of(settings) == problems


def test_all_problems_are_told_together() -> None:
    """One round of mending is enough."""
    found = problems_of(InfluxSettings(enabled=True, meters="all"))
    assert [problem.partition(":")[0] for problem in found] == [
        f"[influx] {key}" for key in ("url", "token", "org", "meter_tag")
    ]
