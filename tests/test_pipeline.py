"""All four real processes: simulator or cable -> reader -> Mosquitto -> CSV rows, points in the database, a relay."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from common.obis import BY_NAME
from reader.household import Household
from reader.telegram_writer import render
from tests.support.broker import Broker
from tests.support.database import Database
from tests.support.listener import Listener
from tests.support.processes import running
from tests.support.replay import Cable
from tests.support.smartmeter import Smartmeter, running_services, write_settings
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.database]

TELEGRAMS = 300
NUMERIC = {name for name, field in BY_NAME.items() if field.numeric and not field.medium}


def test_a_simulated_meter_reaches_relay_csv_and_database(broker: Broker, database: Database, tmp_path: Path) -> None:
    """Simulator -> pseudo-terminal -> reader -> Mosquitto -> CSV rows, points, a switched relay; and a clean end."""
    smartmeter = Smartmeter("simulated", tmp_path)
    port = tmp_path / "meter"
    config = write_settings(smartmeter, broker, database, str(port))
    topics = f"smartmeter/{smartmeter.meter}"
    with (
        Listener(broker, "#") as listener,
        running(["reader", "simulate", "--port", str(port)], tmp_path / "simulator.log") as simulator,
        running_services(smartmeter, config, listener) as services,
    ):
        listener.wait_for(f"{topics}/reader/status", b"online")
        listener.wait_for("relays/simulated/set", b"ON")
        listener.wait_for(f"{topics}/load/heater/state", b"ON")
        eventually(lambda: len(listener.payloads(f"{topics}/telegram")) >= 8, what="8 telegrams")
        listener.publish(f"{topics}/load/heater/set", "OFF")
        listener.wait_for("relays/simulated/set", b"OFF")
        listener.wait_for(f"{topics}/load/heater/mode", b"off")
        for name in ("reader", "relay_controller", "csv_logger", "influx_bridge"):
            assert services.services[name].stop() == 0, services.logs()
            listener.wait_for(f"{topics}/{name}/status", b"offline")
        assert simulator.stop() == 0
    telegrams = [json.loads(payload) for payload in listener.payloads(f"{topics}/telegram")]
    assert [telegram["seq"] for telegram in telegrams] == list(range(1, len(telegrams) + 1))
    times = [telegram["timestamp"] for telegram in telegrams]
    assert [row[0] for row in services.csv_rows()] == times
    _assert_points(database, smartmeter.meter, telegrams)
    assert not port.exists()


def test_a_recorded_line_at_its_real_speed_loses_nothing(broker: Broker, database: Database, tmp_path: Path) -> None:
    """300 telegrams at 115,200 baud: 300 messages, 300 CSV rows, 300 points."""
    household = Household(seed=3, start=datetime.fromisoformat("2026-03-01T10:00:00+01:00"))
    stream = b"".join(render(household.step()) for _ in range(TELEGRAMS))
    replay(stream, TELEGRAMS, Smartmeter("replayed", tmp_path), broker, database)


def replay(stream: bytes, telegrams: int, smartmeter: Smartmeter, broker: Broker, database: Database) -> None:
    """Send a stream through a cable and demand every telegram at every end."""
    with Cable(smartmeter.folder / "meter") as cable, Listener(broker, f"smartmeter/{smartmeter.meter}/#") as listener:
        config = write_settings(smartmeter, broker, database, str(cable.link))
        topics = f"smartmeter/{smartmeter.meter}"
        with running_services(smartmeter, config, listener) as services:
            services.services["reader"].wait_for_log("reading ")
            listener.wait_for(f"{topics}/reader/status", b"stale")
            cable.send(stream)
            eventually(lambda: len(listener.payloads(f"{topics}/telegram")) == telegrams, what=f"{telegrams} telegrams")
            for process in services.services.values():
                assert process.stop() == 0, services.logs()
    heard = [json.loads(payload) for payload in listener.payloads(f"{topics}/telegram")]
    assert len(heard) == telegrams
    assert [row[0] for row in smartmeter.csv_rows()] == [telegram["timestamp"] for telegram in heard]
    _assert_points(database, smartmeter.meter, heard)


def _assert_points(database: Database, meter: str, telegrams: list[dict[str, object]]) -> None:
    """Every telegram is one point of `electricity` with its numbers, and each reading of the gas meter is one of `gas`."""
    expected = {
        int(datetime.fromisoformat(str(telegram["timestamp"])).timestamp()): {
            name: value for name, value in telegram.items() if name in NUMERIC
        }
        for telegram in telegrams
    }
    found = [point for point in database.points("electricity") if point.pop("meter") == meter]
    assert {point.pop("time_s"): point for point in found} == expected
    assert len(found) == len(expected)
    gas = {
        int(datetime.fromisoformat(str(telegram["gas_timestamp"])).timestamp()): telegram["total_gas_consumption"]
        for telegram in telegrams
        if "gas_timestamp" in telegram
    }
    points = [point for point in database.points("gas") if point["meter"] == meter]
    assert [(point["time_s"], point["total_gas_consumption"]) for point in points] == sorted(gas.items())
