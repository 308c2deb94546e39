"""What makes one trust the relay controller with a boiler, with a real broker: memory, peak, leases, and what is seen."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.broker import Broker
from tests.support.house import House, Houses
from tests.support.processes import running
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

STATE_FILE = Path("data", "relay-state.json")


@pytest.fixture
def houses(broker: Broker, tmp_path: Path) -> Houses:
    """Give houses with a broker, one settings folder for all of a test."""
    return Houses(broker, tmp_path)


def kept(folder: Path) -> dict[str, object]:
    """Give what the state file has of the boiler."""
    path = folder / STATE_FILE
    return dict(json.loads(path.read_text(encoding="utf-8"))["loads"]["boiler"]) if path.exists() else {}


def test_counters_survive_a_kill(houses: Houses, tmp_path: Path) -> None:
    """The one start of the day is used up, whoever counts on."""
    with houses.house(more="max_starts_per_day = 1") as house:
        house.send(-2000)
        house.wait_for_state(b"ON")
        eventually(lambda: kept(tmp_path).get("starts") == 1, what="the start in the state file")
        house.service.process.send_signal(signal.SIGKILL)
        house.service.process.wait()
    with houses.house(more="max_starts_per_day = 1") as house:
        house.send(-2000)
        house.wait_for_reason("started 1 of 1 times today")
        assert house.plug == [b"OFF"]


def test_a_minimum_time_survives_a_restart(houses: Houses) -> None:
    """The rules had switched off just before."""
    with houses.house(min_off=600) as house:
        house.send(-2000)
        house.wait_for_state(b"ON")
        house.send(5000)
        house.wait_for_state(b"OFF")
        assert house.service.stop() == 0
    with houses.house(min_off=600) as house:
        house.send(-2000)
        house.wait_for_reason("min_off lasts 600 s more")
        assert house.plug == [b"OFF"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"version": 1, "loads": {"boiler": {"starts": -1}}}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_torn_state_file_costs_the_counters_only(houses: Houses, tmp_path: Path, content: bytes) -> None:
    """It is said once, and the file is whole again at the next switch."""
    path = tmp_path / STATE_FILE
    path.parent.mkdir()
    path.write_bytes(content)
    with houses.house() as house:
        assert f"WARNING counters begin anew: cannot read {path}: " in house.service.log
        house.send(-2000)
        house.wait_for_state(b"ON")

        def is_whole() -> bool:
            try:
                return kept(tmp_path).get("starts") == 1
            except (ValueError, KeyError):
                return False

        eventually(is_whole, what="a whole state file")


def test_a_state_file_that_cannot_be_written_is_said_and_nothing_else(houses: Houses, tmp_path: Path) -> None:
    """The folder of the file is a file."""
    (tmp_path / "data").touch()
    with houses.house() as house:
        house.send(-2000)
        house.wait_for_state(b"ON")
        house.send(-2000)
        house.service.wait_for_log(f"cannot keep the counters of the loads in {tmp_path / STATE_FILE}: ")
        assert house.service.stop() == 0


def test_a_second_copy_ends_before_it_switches_anything(houses: Houses, tmp_path: Path) -> None:
    """The first one goes on."""
    with houses.house() as house:
        with running(["relay_controller", "-c", str(tmp_path / "config.ini")], tmp_path / "second.log") as second:
            assert second.ends() == 1
            assert (
                f"ERROR another relay_controller runs with {tmp_path / STATE_FILE}: both would switch the loads" in second.log
            )
        house.send(-2000)
        house.wait_for_state(b"ON")
        eventually(lambda: len(house.plug) > 1, what="the command, which waits for what is under way")
        assert house.plug == [b"OFF", b"ON"]


PEAK = """
[peak]
limit = 4
margin = 0
[load:heater]
driver = none
on_when = net_power < 10 kW
on_delay = 0
off_when = net_power > 20 kW
min_on = 0
power = 2000
priority = 2
"""


@pytest.fixture
def guarded(houses: Houses) -> Iterator[House]:
    """Give a house with a peak limit of 4 kW and a second load; it is 12:05 there for ever."""
    with houses.house(more=PEAK) as house:
        yield house


def at_noon(average_demand_kw: float) -> dict[str, object]:
    """Give the fields of 12:05 with the quarter's demand so far."""
    return {"timestamp": "2026-06-01T12:05:00+02:00", "average_demand": average_demand_kw}


def test_the_peak_guard_sheds_before_the_limit_is_broken(guarded: House) -> None:
    """And lets nothing on again in this quarter-hour."""
    heater = f"{guarded.base}/home/load/heater"
    guarded.send(1000, more=at_noon(0.3))
    guarded.listener.wait_for(f"{heater}/state", b"ON")
    guarded.send(6000, more=at_noon(0.4))
    eventually(lambda: guarded.listener.payloads(f"{heater}/state")[-1] == b"OFF")
    guarded.send(500, more=at_noon(0.5))
    words = b"the peak guard lets nothing on in this quarter-hour, 600 s more"
    eventually(lambda: any(words in reason for reason in guarded.listener.payloads(f"{heater}/reason")), what=str(words))


def test_the_limit_is_told_to_those_who_show_it(guarded: House) -> None:
    """In the counters, as soon as the quarter-hour is known."""
    assert "limit_kw" not in guarded.health()
    guarded.send(1000, more=at_noon(0.3))
    eventually(lambda: guarded.health().get("limit_kw") == 4, what="the limit")


def test_no_limit_is_told_where_there_is_none(houses: Houses) -> None:
    """The keys of the counters are those of before."""
    with houses.house() as house:
        house.send(1000, more=at_noon(0.3))
        eventually(lambda: house.health().get("decisions"), what="a decision")
        assert set(house.health()) == {"switches", "decisions", "ignored"}


def test_a_person_is_obeyed_against_the_guard_and_told(guarded: House) -> None:
    """The reason says by how much."""
    guarded.send(6000, more=at_noon(0.4))
    guarded.listener.publish(f"{guarded.load}/set", "ON")
    guarded.wait_for_state(b"ON")
    guarded.wait_for_reason("although peak_forecast 5.733 kW is above peak_limit 4 kW")
    guarded.service.wait_for_log(
        "load boiler: a person chose ON: on: by hand, for 3,600 s more; although peak_forecast 5.733 kW"
    )


def test_what_a_person_chooses_against_a_minimum_time_is_done_and_told(houses: Houses) -> None:
    """It only warns."""
    with houses.house(min_on=900) as house:
        house.send(-2000)
        house.wait_for_state(b"ON")
        house.listener.publish(f"{house.load}/set", "OFF")
        house.wait_for_state(b"OFF")
        house.wait_for_reason("although min_on lasts 900 s more")


def test_a_lease_is_renewed_while_the_load_is_on(houses: Houses) -> None:
    """With a relay that tells its state in JSON, as Shelly's do; it is told OFF once."""
    more = "lease = 10\nstate_topic = shelly/status/switch:0\nstate_key = output\nstate_on = true\nstate_off = false"
    with houses.house(more=more) as house:
        house.listener.publish("shelly/status/switch:0", '{"id": 0, "source": "MQTT", "output": false}')
        house.send(-2000)
        house.wait_for_state(b"ON")
        house.listener.publish("shelly/status/switch:0", '{"id": 0, "output": true, "apower": 1980.5}')
        house.listener.publish("shelly/status/switch:0", '{"id": 0, "temperature": {"tC": 41.2}}')
        eventually(lambda: house.plug.count(b"ON") >= 2, what="a renewal")
        house.send(9000)
        eventually(lambda: house.plug[-1] == b"OFF")
        assert house.health()["ignored"] == {}


def test_what_a_switch_did_is_seen_on_the_meter(houses: Houses) -> None:
    """Net power stays as it was: the reason says so; then the relay says that it is on."""
    with houses.house(more="state_topic = plug/state") as house:
        house.listener.publish("plug/state", "OFF")
        house.send(-2000)
        house.wait_for_state(b"ON")

        def sees(words: str) -> bool:
            house.send(-2000)
            return words in house.reason()

        eventually(lambda: sees("did not switch: net power changed by 0 W, expected 2,000 W"))
        house.listener.publish("plug/state", "ON")
        eventually(lambda: sees("thermostat satisfied"))
