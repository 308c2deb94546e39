"""Grafana as `docker compose --profile grafana` runs it: for this machine only, with a login, and without a word to others."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from influx_bridge.grafana_login import TOKEN_VARIABLE
from tests.support.compose import needs_compose
from tests.support.grafana import FOLDER
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY, clean_environment

Node = dict[str, Any]


@pytest.fixture(scope="module")
def service() -> Node:
    """Give the service `grafana` as Compose understands it."""
    return _compose("influx", "grafana")["services"]["grafana"]  # type: ignore[no-any-return]


def _compose(*profiles: str) -> Node:
    try:
        needs_compose()
    except PartMissing as reason:
        do_without(reason)
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    command = ["docker", "compose", *chosen, "config", "--format", "json"]
    told = subprocess.run(
        command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, timeout=60, check=True
    )
    found: Node = json.loads(told.stdout)
    return found


def test_grafana_is_for_this_machine_only_and_nobody_gets_in_without_a_login(service: Node) -> None:
    """Its password is made on this machine, and no value of Grafana's own is left that everybody knows."""
    assert [port["host_ip"] for port in service["ports"]] == ["127.0.0.1"]
    settings = service["environment"]
    assert settings["GF_AUTH_ANONYMOUS_ENABLED"] == settings["GF_USERS_ALLOW_SIGN_UP"] == "false"
    secret = {name: value for name, value in settings.items() if "PASSWORD" in name or "KEY" in name}
    assert secret == {"GF_SECURITY_ADMIN_PASSWORD__FILE": "/login/password", "GF_SECURITY_SECRET_KEY__FILE": "/login/key"}


def test_grafana_calls_nobody(service: Node) -> None:
    """No statistics, no look for updates, no news, no pictures of users, no plugins."""
    settings = service["environment"]
    off = ("ANALYTICS_REPORTING", "ANALYTICS_FEEDBACK_LINKS", "NEWS_NEWS_FEED", "PLUGINS_PLUGIN_ADMIN", "SNAPSHOTS_EXTERNAL")
    assert {settings[f"GF_{name}_ENABLED"] for name in off} == {"false"}
    assert settings["GF_ANALYTICS_CHECK_FOR_UPDATES"] == settings["GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES"] == "false"
    assert settings["GF_SECURITY_DISABLE_GRAVATAR"] == settings["GF_PLUGINS_PREINSTALL_DISABLED"] == "true"


def test_grafana_may_do_no_more_than_the_others(service: Node) -> None:
    """Not root, no capability, nothing to write but its volume and its memory, and a version that is known."""
    assert service["user"] == "472:0"
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["mem_limit"]) <= 512 * 1024**2
    assert {volume["target"] for volume in service["volumes"] if not volume.get("read_only")} == {"/var/lib/grafana"}
    assert re.fullmatch(r"grafana/grafana:12\.\d+\.\d+", service["image"])


def test_grafana_finds_what_is_provisioned(service: Node) -> None:
    """Each variable and file of the provisioning is given to its container, and the token comes from a file."""
    provisioning = "\n".join(file.read_text() for file in (REPOSITORY / "docs" / "grafana" / "provisioning").glob("*/*.yaml"))
    assert set(re.findall(r"\$(GRAFANA_[A-Z_]+)", provisioning)) <= service["environment"].keys()
    targets = {volume["target"]: volume for volume in service["volumes"]}
    assert "path: /dashboards\n" in provisioning
    assert Path(targets["/dashboards"]["source"]) == FOLDER
    assert "token: $__file{/login/token}" in provisioning
    home = service["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (FOLDER / Path(home).name).exists()


def test_the_lines_of_the_document_are_what_compose_reads(service: Node) -> None:
    """What goes into `.env` by docs/grafana.md has an effect; user, address and version are those of Compose."""
    document = (REPOSITORY / "docs" / "grafana.md").read_text(encoding="utf-8")
    compose = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    lines = set(re.findall(r"(GRAFANA_[A-Z_]+)=", document))
    assert lines == set(re.findall(r"\$\{(GRAFANA_[A-Z_]+):-", compose))
    assert f"user `{service['environment']['GF_SECURITY_ADMIN_USER']}`" in document
    assert f"http://127.0.0.1:{service['ports'][0]['published']}" in document
    assert f"version {service['image'].partition(':')[2].rpartition('.')[0]}" in document


def test_what_makes_the_login_can_only_read_the_token_of_the_database() -> None:
    """It writes what is Grafana's, nothing else."""
    volumes = _compose("influx", "grafana")["services"]["grafana_login"]["volumes"]
    assert {volume["target"]: bool(volume.get("read_only")) for volume in volumes} == {
        "/access/database": True,
        "/access/grafana": False,
    }


def test_grafana_works_with_an_influxdb_elsewhere() -> None:
    """Its profile alone starts, without the database of this machine; no other service is told its token."""
    services = _compose("grafana")["services"]
    assert {"grafana", "grafana_login"} <= services.keys()
    assert "influxdb" not in services
    knowing = {name for name, service in services.items() if TOKEN_VARIABLE in service.get("environment", {})}
    silent = {name for name in knowing if name != "grafana_login"}
    assert all(services[name]["environment"][TOKEN_VARIABLE] == "" for name in silent)
    assert {"reader", "csv_logger", "influx_bridge", "relay_controller"} <= silent
