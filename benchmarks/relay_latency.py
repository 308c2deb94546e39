"""From a telegram on the broker to the relay's command at a subscriber: ten loads, the real service, a real Mosquitto."""

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.row import Row
from common.payload import Reading, encode
from tests.support.broker import Broker, running_local_broker
from tests.support.processes import running

_LOADS = 10
_WARM_UP = 50
_TELEGRAMS = 200
_INTERVAL_S = 0.1
_DEADLINE_S = 10.0
_SETTINGS = """\
[mqtt]
host = {host}
port = {port}
[relay]
settle = 0
[peak]
limit = 9
"""
_LOAD = """\
[load:load{number}]
driver = mqtt
command_topic = bench/{number}
on_when = actual_tariff = {number} and surplus > 100 W
on_delay = 0
off_when = actual_tariff != {number}
off_delay = 0
min_on = 0
min_off = 0
power = 100
priority = {number}
"""


def rows() -> list[Row]:
    """Measure: each telegram switches one load on and another one off."""
    with running_local_broker() as broker, TemporaryDirectory() as folder:
        config = Path(folder, "config.ini")
        loads = "".join(_LOAD.format(number=number) for number in range(1, _LOADS + 1))
        config.write_text(_SETTINGS.format(host=broker.host, port=broker.port) + loads, encoding="utf-8")
        with running(["relay_controller", "-c", str(config)], Path(folder, "log")):
            latencies_ms = sorted(_Bench(broker).latencies_s(_WARM_UP + _TELEGRAMS)[_WARM_UP:])
    percentiles = quantiles(latencies_ms, n=100)
    found = f"{percentiles[49] * 1000:.2f} / {percentiles[98] * 1000:.2f} ms, at most {latencies_ms[-1] * 1000:.2f} ms"
    what = f"telegram to relay's command, {_LOADS} loads, {1 / _INTERVAL_S:.0f} telegrams per second, p50 / p99"
    return [Row(what, found, "p99 < 5 ms")]


class _Bench:
    """A meter and ten relays at one broker."""

    def __init__(self, broker: Broker) -> None:
        self._switched = threading.Event()
        self._online = threading.Event()
        self._awaited = ""
        self._arrived_s = 0.0
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._client.on_message = self._hear
        self._client.on_connect = lambda client, *_: client.subscribe([("bench/+", 1), ("smartmeter/home/+/status", 1)])
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def latencies_s(self, count: int) -> list[float]:
        """Send telegrams; give the time from each to the command that switches the next load on."""
        if not self._online.wait(_DEADLINE_S):
            raise RuntimeError("the service does not come up")
        try:
            return [self._latency_s(number) for number in range(count)]
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def _latency_s(self, number: int) -> float:
        load = number % _LOADS + 1
        self._awaited = f"bench/{load}"
        self._switched.clear()
        time.sleep(_INTERVAL_S)
        now = datetime.now(UTC)
        fields: dict[str, object] = {
            "timestamp": now.isoformat(timespec="seconds"),
            "actual_tariff": load,
            "actual_total_consumption": 0.0,
            "actual_total_injection": 2.0,
            "average_demand": 0.1,
            "net_power": -2000,
        }
        payload = encode(Reading("home", now, number + 1, fields, 1.0))
        begun_s = time.perf_counter()
        self._client.publish("smartmeter/home/telegram", payload, 1)
        if not self._switched.wait(_DEADLINE_S):
            raise RuntimeError(f"load {load} was not switched on: {json.dumps(fields)}")
        return self._arrived_s - begun_s

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic == self._awaited and message.payload == b"ON":
            self._arrived_s = time.perf_counter()
            self._switched.set()
        elif message.topic == "smartmeter/home/relay_controller/status" and message.payload == b"online":
            self._online.set()
