"""The settings of a checkout, as an installation takes them over: files in one folder, all else as it was."""

import runpy
from pathlib import Path, PurePath
from typing import Any

import pytest

from common.sections import KNOWN, CsvSettings, InfluxSettings, RelaySettings
from common.settings import parse
from tests.support.processes import REPOSITORY

SCRIPT: dict[str, Any] = runpy.run_path(str(REPOSITORY / "scripts" / "installed-settings.py"))
DATA, SETTINGS = Path("/var/lib/smartmeter"), Path("/etc/smartmeter")
IN_PLACE = [DATA, DATA / "influx-queue.db", DATA / "relay-state.json"]


def _paths(text: str) -> list[PurePath]:
    kinds = (CsvSettings, InfluxSettings, RelaySettings)
    config = parse(text, known=KNOWN, wanted=kinds, environment={}, folder=PurePath("/etc/smartmeter"), read_secret=str)
    csv, influx, relay = (config.section(kind) for kind in kinds)
    assert isinstance(csv, CsvSettings)
    assert isinstance(influx, InfluxSettings)
    assert isinstance(relay, RelaySettings)
    return [csv.file_path, influx.queue_file, relay.state_file]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ((REPOSITORY / "config.sample.ini").read_text(encoding="utf-8"), IN_PLACE),
        ("", IN_PLACE),
        ("[csv]\nfile_path = data\n", IN_PLACE),
        ("[csv]\n# Folder.\n\n[meter]\nname = home\n", IN_PLACE),
        ("[csv]\nenabled = yes\n# About the next section.\n[relay]\nsettle = 5\n[influx]\nenabled = no", IN_PLACE),
        ("[relay]\nstate_file = states/mine.json\n", IN_PLACE),
        ("[csv]\nfile_path = /mnt/usb/csv\n", [PurePath("/mnt/usb/csv"), *IN_PLACE[1:]]),
        ("[influx]\n queue_file=/srv/queue.db\n", [DATA, PurePath("/srv/queue.db"), IN_PLACE[2]]),
    ],
)
def test_what_a_service_writes_is_in_the_folder_of_data(text: str, paths: list[PurePath]) -> None:
    """Relative paths, and those that were left out, go there; an absolute one is the user's choice."""
    assert _paths(SCRIPT["moved"](text, DATA, SETTINGS)) == paths


def test_every_other_line_stays_as_it_is() -> None:
    """Comments too, in their order."""
    text = "# mine\n[meter]\nname = home\n\n[csv]\n# Folder.\nfile_path = data\nfile_prefix = a_\n"
    lines = SCRIPT["moved"](text, DATA, SETTINGS).splitlines()
    kept = [line for line in text.splitlines() if line != "file_path = data"]
    assert [line for line in lines if line in kept][: len(kept)] == kept


@pytest.mark.parametrize(
    ("ca_file", "installed", "taken"),
    [
        ("ca.crt", "/etc/smartmeter/ca.crt", "/srv/checkout/ca.crt"),
        ("tls/mine.crt", "/etc/smartmeter/mine.crt", "/srv/checkout/tls/mine.crt"),
        ("/home/pi/ca.crt", "/etc/smartmeter/ca.crt", "/home/pi/ca.crt"),  # closed to the services
        ("/etc/ssl/mine.crt", "/etc/ssl/mine.crt", None),
        ("", "", None),
    ],
)
def test_a_certificate_goes_with_the_settings(ca_file: str, installed: str, taken: str | None) -> None:
    """A relative path would mean another place afterwards."""
    text = f"[mqtt]\ntls = yes\nca_file = {ca_file}\n"
    assert f"ca_file = {installed}".rstrip() in map(str.rstrip, SCRIPT["moved"](text, DATA, SETTINGS).splitlines())
    assert SCRIPT["read"](text, Path("/srv/checkout")) == ([Path(taken)] if taken else [])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", ["data"]),
        ("[csv]\nfile_path = csv\n[influx]\nqueue_file = queue.db\n", ["csv", "queue.db", "data/relay-state.json"]),
        ("[csv]\nfile_path = empty\n[relay]\nstate_file = /srv/state\n", ["data/influx-queue.db"]),
    ],
)
def test_what_was_written_before_is_found(tmp_path: Path, text: str, left: list[str]) -> None:
    """It stays where it is, and whoever installs is told of it: a folder for what is in it."""
    for name in ("data", "csv", "empty"):
        (tmp_path / name).mkdir()
    for name in ("data/influx-queue.db", "data/relay-state.json", "csv/smartmeter_1.csv", "queue.db"):
        (tmp_path / name).touch()
    assert SCRIPT["left_behind"](text, tmp_path) == [tmp_path / name for name in left]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("", "127.0.0.1"),
        ("[mqtt]\nhost = broker.example.org\n", "broker.example.org"),
        ("[mqtt]\nport = 1883\n[influx]\nhost = x\n", "127.0.0.1"),
        ("[mqtt]\nhost =\n", "127.0.0.1"),
    ],
)
def test_the_broker_of_the_settings_is_found(text: str, host: str) -> None:
    """Whether it is that of this machine decides what is installed."""
    assert SCRIPT["host"](text) == host
