"""What the documents say exists: settings, topics, commands, sample settings."""

import re
from configparser import ConfigParser
from dataclasses import asdict, fields
from pathlib import PurePath
from textwrap import dedent

import pytest

from common.obis import BY_NAME
from common.old_keys import TABLE
from common.sections import (
    COMMON_SECTIONS,
    KNOWN,
    CsvSettings,
    InfluxSettings,
    LoadSettings,
    LoggingSettings,
    MeterSettings,
    MqttSettings,
)
from common.settings import parse
from common.unacknowledged import QUIET_S, UNDER_WAY_MAX
from mosquitto.listeners import TLS_PORT
from mosquitto.logins import ROLES, SERVICES
from relay_controller.settings import SECTIONS, plant_of, problems_of
from tests.support.documents import FILES
from tests.support.processes import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
LOADS = (REPOSITORY / "docs" / "loads.md").read_text(encoding="utf-8")
DATA = (REPOSITORY / "docs" / "data.md").read_text(encoding="utf-8")
SECURITY = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
UPGRADE = (REPOSITORY / "docs" / "upgrade.md").read_text(encoding="utf-8")
TEXTS = {file.name: file.read_text(encoding="utf-8") for file in FILES}
DOCUMENTS = "\n".join(TEXTS.values())
SAMPLE = (REPOSITORY / "config.sample.ini").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
COMPOSE = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")


def _sample() -> ConfigParser:
    ini = ConfigParser(interpolation=None, delimiters=("=",))
    ini.read_string(SAMPLE)
    return ini


def test_the_sample_names_every_key_and_no_other() -> None:
    """Each section and key of the settings is in config.sample.ini."""
    ini = _sample()
    wanted = {name: {one.name for one in fields(kind)} for name, kind in KNOWN.plain.items()}
    wanted["load:boiler"] = {one.name for one in fields(LoadSettings)}
    assert {name: set(ini[name]) for name in ini.sections()} == wanted


def test_the_sample_shows_the_defaults() -> None:
    """The parsed sample equals the defaults of every section (the example of a load apart)."""
    folder = PurePath("/somewhere")
    kinds = list(KNOWN.plain.values())

    def parsed(text: str) -> list[object]:
        config = parse(text, known=KNOWN, wanted=kinds, environment={}, folder=folder, read_secret=str)
        return [config.section(kind) for kind in kinds]

    assert parsed(SAMPLE) == parsed("")


def test_every_key_of_the_sample_has_its_line_of_explanation() -> None:
    """A comment stands above each key, or above the two that belong together."""
    for match in re.finditer(r"^(?P<before>.*)\n(?P<key>[a-z_]+) =", SAMPLE, re.MULTILINE):
        assert match["before"].startswith("#") or match["key"] == "password", match["key"]


def test_the_readme_opens_with_one_sentence_a_diagram_and_two_commands() -> None:
    """What it is, how it hangs together, how to try it, how to prove it."""
    order = [README.index(text) for text in ("smartmeter reads", "P1 port -->", "    make demo", "    make test", "## ")]
    assert order == sorted(order)


def test_the_commands_of_the_readme_exist() -> None:
    """Each make target and each service that a document names is there."""
    targets = set(re.findall(r"(?:`|    |sudo |&& )make ([a-z-]+)", DOCUMENTS))
    assert targets <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    for module in re.findall(r"python3? -m ([a-z_]+)", DOCUMENTS):
        assert (REPOSITORY / module / "__main__.py").exists()


def test_the_settings_that_the_readme_names_exist() -> None:
    """`[section] key` in a document is a key of that section."""
    for section, key in re.findall(r"`\[([a-z]+)\] ([a-z_]+)", DOCUMENTS):
        assert key in {one.name for one in fields(KNOWN.plain[section])}


def test_the_documents_that_the_documents_name_exist() -> None:
    """`docs/NAME.md` from anywhere, and `NAME.md` beside it."""
    named = set(re.findall(r"`(?:docs/)?([a-z0-9-]+\.md)`", DOCUMENTS))
    assert named <= TEXTS.keys()
    assert {"home-assistant.md", "pi1.md"} <= named


def test_every_document_is_named_by_the_readme() -> None:
    """Else nobody finds it."""
    assert set(re.findall(r"`docs/([a-z0-9-]+\.md)`", README)) == TEXTS.keys() - {"README.md", "CHANGELOG.md"}


def test_the_pictures_of_the_documents_exist() -> None:
    """Where each document says, beside it."""
    links = [(file, link) for file in FILES for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", TEXTS[file.name])]
    assert len(links) > 8
    assert [link for file, link in links if not (file.parent / link).exists()] == []


def test_the_document_of_upgrades_has_the_table_of_old_keys() -> None:
    """Row by row, in the same order."""
    rows = [f"| `[{row.section}]` | `{row.key}` | {row.why} | {row.advice()} |" for row in TABLE]
    assert [line for line in UPGRADE.splitlines() if line.startswith("| `[")] == rows


def test_the_fields_that_the_readme_names_exist() -> None:
    """Each field in the list of the README is in the table."""
    paragraph = README[README.index("The fields that most people want") :].split("\n\n")[0]
    names = {name for name in re.findall(r"`([a-z_0-9]+)`", paragraph) if not name.startswith("_")}
    assert names <= BY_NAME.keys()
    assert len(names) > 5


def test_what_a_power_cut_costs_is_what_the_defaults_make_it() -> None:
    """The README gives the numbers (contract, section 6), docs/data.md those of other settings too."""
    group, interval_s = CsvSettings().write_every, InfluxSettings().upload_interval
    readme = " ".join(README.split())
    assert f"at most the last {group} telegrams of the CSV and the last {interval_s:.0f} seconds of InfluxDB" in readme
    assert f"the last `write_every` telegrams ({group}; never more than {UNDER_WAY_MAX})" in DATA
    assert f"or those of the last {QUIET_S:.0f} seconds if fewer came" in DATA
    assert f"the last `upload_interval` ({interval_s:.0f} s);" in DATA
    assert f"with a longer interval, the last {UNDER_WAY_MAX} telegrams" in DATA


def test_the_roles_and_lines_of_the_document_of_security_exist() -> None:
    """Each role and each program has its row; what goes into `.env` is what Compose reads."""
    assert tuple(re.findall(r"^\| `([a-z_]+)` \|", SECURITY, re.MULTILINE)) == (*ROLES, *SERVICES)
    lines = dict(re.findall(r"^ {4}(MQTT_[A-Z]+)=(.*)$", SECURITY, re.MULTILINE))
    assert lines == {"MQTT_BIND": "0.0.0.0", "MQTT_PORT": str(TLS_PORT), "MQTT_LISTENER": str(TLS_PORT)}
    assert all(f"${{{name}:-" in COMPOSE for name in lines)


def test_the_settings_of_the_live_page_exist_in_both_ways() -> None:
    """What the documents tell to write is read: by Compose from `.env`, by systemd from web.env, which shows it."""
    page = (REPOSITORY / "mosquitto" / "web.env").read_text(encoding="utf-8")
    unit = (REPOSITORY / "systemd" / "smartmeter-web.service").read_text(encoding="utf-8")
    told = set(re.findall(r"WEB_[A-Z_]+", DOCUMENTS))
    assert told == set(re.findall(r"^#(WEB_[A-Z_]+)=", page, re.MULTILINE))
    for name, default in re.findall(r"\$\{(WEB_[A-Z]+):-([^}]+)\}", COMPOSE):
        assert name in told
        assert f"{name}={default}" in unit


def test_the_two_broker_configurations_differ_in_listener_and_folders_only() -> None:
    """What holds on a machine holds in a container; `include_dir` does not work in /etc/mosquitto/conf.d."""

    def settings(name: str) -> dict[str, str]:
        lines = (REPOSITORY / "mosquitto" / name).read_text(encoding="utf-8").splitlines()
        return {line: line for line in lines if line and not line.startswith("#")}

    differing = settings("mosquitto.conf").keys() ^ settings("compose.conf").keys()
    own = {"listener", "persistence_location", "password_file", "acl_file", "include_dir"}
    assert {line.split()[0] for line in differing} == own
    assert "listener 1883 127.0.0.1" in settings("mosquitto.conf")


def test_the_settings_of_the_containers_exist_and_keep_files_in_the_volume() -> None:
    """Whatever a service writes, it writes under /data: the rest of a container is not its own."""
    environment = dict(re.findall(r"^ +(SMARTMETER_[A-Z_]+): ([a-z/.-]+)$", COMPOSE, re.MULTILINE))
    kinds = list(KNOWN.plain.values())
    folder = PurePath("/etc/smartmeter")
    config = parse(SAMPLE, known=KNOWN, wanted=kinds, environment=environment, folder=folder, read_secret=str)
    paths = {value for kind in kinds for value in asdict(config.section(kind)).values() if isinstance(value, PurePath)}
    assert len(paths) == 3
    assert all(path.is_relative_to("/data") for path in paths)


def test_the_sample_suits_every_service() -> None:
    """Copied as it is, it has no problems for any service."""
    kinds = {*KNOWN.plain.values(), *KNOWN.named.values(), MeterSettings, MqttSettings, LoggingSettings}
    config = parse(SAMPLE, known=KNOWN, wanted=kinds, environment={}, folder=PurePath("/etc"), read_secret=str)
    assert list(config.loads) == ["boiler"]


def _samples(text: str) -> list[str]:
    """Give the indented blocks of a document that are settings."""
    blocks = re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", text, re.MULTILINE)
    return [dedent(block) for block in blocks if block.strip().startswith("[")]


SAMPLES = {name: _samples(text) for name, text in TEXTS.items()}


@pytest.mark.parametrize("sample", [sample for samples in SAMPLES.values() for sample in samples])
def test_the_sample_settings_of_the_documents_have_no_problems(sample: str) -> None:
    """Whoever copies one gets what it says."""
    wanted = {*COMMON_SECTIONS, *SECTIONS, *KNOWN.plain.values()}
    config = parse(sample, known=KNOWN, wanted=wanted, environment={}, folder=PurePath(), read_secret=str)
    assert list(problems_of(config)) == []
    assert plant_of(config).loads or "[load:" not in sample


def test_samples_are_found_where_they_are() -> None:
    """So that none is passed over."""
    assert {name for name, samples in SAMPLES.items() if samples} == {
        "README.md",
        "home-assistant.md",
        "loads.md",
        "security.md",
    }


def test_the_keys_that_the_documents_name_exist() -> None:
    """Each `key = value` and each bare `key` that looks like one."""
    known = {one.name for kind in (*KNOWN.plain.values(), LoadSettings) for one in fields(kind)}
    text = README + LOADS + DATA
    named = set(re.findall(r"^ {4}([a-z_]+) =", text, re.MULTILINE)) | set(re.findall(r"`([a-z_]+) = [^`]+`", text))
    assert named <= known
    assert len(named) > 15
    words = set(re.findall(r"`([a-z]+_[a-z_0-9]+)`", LOADS + DATA)) - known - set(BY_NAME)
    assert words <= {
        "peak_forecast",
        "peak_limit",
        "relay_controller",
        "csv_logger",
        "influx_bridge",
        "autosave_interval",
        "skipped_live",
    }
