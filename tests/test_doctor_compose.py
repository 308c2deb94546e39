"""The doctor beside a stack of containers: it asks each service in its own one, and says what does not run."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from common.check import OK, PROBLEM
from tests.support.compose import Project, composed
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY
from tests.support.waiting import eventually

Checks = dict[str, dict[str, object]]
_PORT = "port socket://simulator:2000"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Give a stack that runs with the simulated meter, and the doctor beside it."""
    folder = tmp_path_factory.mktemp("doctor")
    with ExitStack() as stack:
        try:
            project = stack.enter_context(composed(folder))
        except PartMissing as reason:
            do_without(reason)
        shutil.copytree(REPOSITORY / "doctor", folder / "doctor", ignore=shutil.ignore_patterns("__pycache__"))
        project.run("--profile", "demo", "up", "--detach")
        yield project


def _examined(project: Project, code: int) -> Checks:
    answer = project.call(sys.executable, "-m", "doctor", "--json", expected=code)
    found = json.loads(answer.splitlines()[-1])
    assert found["installation"] == "Docker Compose"
    return {str(check["what"]): check for check in found["checks"]}


def test_a_stack_that_works_is_well(project: Project) -> None:
    """Each service reaches the broker with its own login, and telegrams come, which may take a moment."""
    checks = eventually(lambda: _well(project), 120.0, "no problems, and telegrams")
    everybody = ["reader", "relay_controller", "influx_bridge", "csv_logger"]
    assert (checks["broker mosquitto:1883"]["level"], checks["broker mosquitto:1883"]["services"]) == (OK, everybody)
    assert checks["rights on the broker"]["level"] == OK
    assert checks["container credentials"]["found"] == "the passwords are made"
    files = checks["logins and rights of the broker"]
    assert (files["level"], files["services"]) == (OK, [])


def _well(project: Project) -> Checks:
    answer = project.call(sys.executable, "-m", "doctor", "--json", expected=None)
    checks = {str(check["what"]): check for check in json.loads(answer.splitlines()[-1])["checks"]}
    has_problem = any(check["level"] == PROBLEM for check in checks.values())
    return {} if has_problem or checks["telegrams"]["found"] != "they arrive" else checks


def test_rights_of_other_settings_are_told(project: Project) -> None:
    """The broker has those of the start still; what makes them anew stands in the answer."""
    project.set_env(SMARTMETER_HOMEASSISTANT_PREFIX="ha")
    try:
        check = _examined(project, 1)["logins and rights of the broker"]
    finally:
        project.set_env()
    assert check["found"] == "the rights are those of other settings: [homeassistant] prefix is new"
    assert (check["level"], check["mend"]) == (PROBLEM, "docker compose up -d --force-recreate")


def test_what_is_stopped_or_set_up_wrong_is_told(project: Project) -> None:
    """A meter that is away, which the reader says after a while, a service that was stopped, a slip in .env."""
    project.run("stop", "--timeout", "2", "simulator", "csv_logger")
    project.set_env(SMARTMETER_INFLUX_TOKN="x")
    project.run("up", "--detach", "--no-deps", "influx_bridge")
    try:
        checks = eventually(lambda: _all_told(project), 90.0, "influx_bridge gives up, and the reader misses the meter")
    finally:
        project.set_env()
    assert "SERIAL_PORT=" in str(checks[_PORT]["mend"])
    stopped = checks["container csv_logger"]
    assert (stopped["level"], str(stopped["mend"]).startswith("docker compose up -d")) == (PROBLEM, True)
    wrong = checks["container influx_bridge"]
    assert "SMARTMETER_INFLUX_TOKN: unknown variable, did you mean SMARTMETER_INFLUX_TOKEN" in str(wrong["found"])
    settings = checks["settings"]
    assert (settings["level"], "influx_bridge" in str(settings["services"])) == (PROBLEM, True)


def _all_told(project: Project) -> Checks:
    checks = _examined(project, 1)
    is_told = "SMARTMETER_INFLUX_TOKN" in str(checks["container influx_bridge"]["found"])
    return checks if is_told and checks[_PORT]["level"] == PROBLEM else {}
