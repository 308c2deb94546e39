"""What a running service does not load: modules of its commands and checks, and libraries that its settings do not ask for.

Each module costs memory in each service, and time at each start, of which the oldest Pi has little.
"""

from pathlib import Path

import pytest

from tests.support.broker import Broker
from tests.support.listener import Listener
from tests.support.processes import running

# Of nobody's use in a service that runs: libraries, and what only wrong settings, commands and checks need.
_NOBODY = {
    *("ast", "asyncio", "decimal", "difflib", "dis", "email", "http.client", "_ssl", "statistics", "_uuid"),
    *("matplotlib", "numpy", "urllib3"),
}
_CHECKS = {"common.broker_visit", "common.check", "common.check_broker", "common.check_command", "common.check_host"}
_LOADS = """
[load:boiler]
driver = mqtt
command_topic = relays/boiler
on_when = surplus > 2 kW
off_when = surplus < 1 kW
"""


@pytest.mark.broker
@pytest.mark.parametrize(
    ("service", "sign", "unused"),
    [
        (
            "reader",
            "stale",
            _NOBODY
            | _CHECKS
            | {"cryptography", "reader.check", "reader.port_facts", "reader.simulate", "reader.capture", "reader.decode"},
        ),
        (
            "relay_controller",
            "online",
            _NOBODY | _CHECKS | {"RPi", "relay_controller.check", "relay_controller.replay"},
        ),
        ("csv_logger", "online", _NOBODY | _CHECKS | {"csv_logger.check", "csv_logger.report"}),
    ],
)
def test_a_service_that_runs_has_loaded_only_what_it_runs_with(
    service: str, sign: str, unused: set[str], broker: Broker, tmp_path: Path
) -> None:
    """Of each: not its commands, not its checks, no library that other settings would ask for."""
    meter, modules = f"lazy-{service}", tmp_path / "modules"
    config = tmp_path / "config.ini"
    settings = f"[meter]\nname = {meter}\n[mqtt]\nport = {broker.port}\n[serial]\nport = {tmp_path}/no-port\n{_LOADS}"
    config.write_text(settings, encoding="utf-8")
    command = ["tests.support.loaded_modules", str(modules), service, "-c", str(config)]
    with Listener(broker, f"smartmeter/{meter}/#") as listener, running(command, tmp_path / "log") as process:
        listener.wait_for(f"smartmeter/{meter}/{service}/status", sign.encode())
        if service != "reader":
            reading = b'{"meter": "%b", "received": "2026-11-26T12:00:01.250+00:00", "seq": 1, "net_power": 5}'
            listener.publish(f"smartmeter/{meter}/telegram", reading % meter.encode())
        assert process.stop() == 0, process.log
    loaded = set(modules.read_text(encoding="utf-8").splitlines())
    assert f"{service}.__main__" in loaded or "common.service" in loaded
    assert loaded & unused == set()


def test_a_bridge_that_is_switched_off_has_not_loaded_what_it_would_write_with(tmp_path: Path) -> None:
    """InfluxDB's library alone takes more memory than the service."""
    config, modules = tmp_path / "config.ini", tmp_path / "modules"
    config.write_text("[influx]\nenabled = no\n", encoding="utf-8")
    command = ["tests.support.loaded_modules", str(modules), "influx_bridge", "-c", str(config)]
    with running(command, tmp_path / "log") as process:
        process.wait_for_log("nothing to do")
        assert process.stop() == 0, process.log
    loaded = set(modules.read_text(encoding="utf-8").splitlines())
    assert "common.rest" in loaded
    assert loaded & (_NOBODY | _CHECKS | {"influx_bridge.member", "influx_bridge.check", "sqlite3"}) == set()
