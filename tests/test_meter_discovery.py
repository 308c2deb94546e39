"""When the meter's fields appear in Home Assistant, and when they disappear."""

import json
from collections.abc import Mapping

from common.homeassistant import Discovery
from common.outgoing import Outgoing
from common.topics import Topics
from reader.discovery import MeterDiscovery
from reader.entities import Entities

HOME = Discovery("homeassistant", Topics("smartmeter", "home"))
FIELDS: Mapping[str, object] = {"net_power": 1, "total_gas_consumption": 2.0, "meter_serial": "A", "mbus": [], "other": {}}
STANDING = {"connection", "rejected_telegrams", "net_power", "total_gas_consumption", "meter_serial"}
WITHOUT_GAS = {name: value for name, value in FIELDS.items() if name != "total_gas_consumption"}
DAY_S = 86_400


def meter(*, wanted: bool = True) -> MeterDiscovery:
    """Give one that begins at 0 s."""
    return MeterDiscovery(Entities(HOME, 60.0, 10.0), 0.0, wanted=wanted)


def sent(discovery: MeterDiscovery) -> list[Outgoing]:
    """Give all that waits to be sent."""
    messages: list[Outgoing] = []
    while discovery.is_waiting:
        messages += discovery.due()
    return messages


def told(discovery: MeterDiscovery) -> dict[str, str]:
    """Give what is sent, {entity: payload}."""
    messages = sent(discovery)
    assert all(message.retain and message.qos == 1 for message in messages)
    return {message.topic.split("/")[3]: str(message.payload) for message in messages}


def live(discovery: MeterDiscovery, fields: Mapping[str, object], from_s: int, until_s: int) -> None:
    """Let telegrams come every ten seconds."""
    for now_s in range(from_s, until_s, 10):
        discovery.saw(fields, float(now_s))


def topic(name: str) -> str:
    """Give where a field is announced."""
    return HOME.config_topic("sensor", name)


def test_fields_appear_with_the_first_telegram_that_has_them() -> None:
    """And are not told again while nothing changes."""
    discovery = meter()
    assert not discovery.is_waiting
    discovery.saw(FIELDS, 1.0)
    assert set(told(discovery)) == STANDING
    discovery.saw(FIELDS, 2.0)
    assert not discovery.is_waiting
    discovery.saw({**FIELDS, "l1_voltage": 230.0}, 3.0)
    assert set(told(discovery)) == {"l1_voltage"}


def test_only_a_few_are_sent_at_a_time() -> None:
    """Telegrams come first."""
    discovery = meter()
    phases = {f"l{n}_{what}": 1.0 for n in (1, 2, 3) for what in ("voltage", "current", "power_factor")}
    discovery.saw({**FIELDS, **phases}, 1.0)
    assert len(list(discovery.due())) == 10
    assert discovery.is_waiting


def test_everything_is_sent_again_to_a_broker_that_is_back_and_when_home_assistant_starts() -> None:
    """Its birth message may be retained or not; other words on its topic are nothing."""
    discovery = meter()
    discovery.saw(FIELDS, 1.0)
    told(discovery)
    discovery.connected()
    assert set(told(discovery)) == STANDING
    for retained in (True, False):
        discovery.heard("homeassistant/status", b"online", retained=retained)
        assert set(told(discovery)) == STANDING
    discovery.heard("homeassistant/status", b"offline", retained=False)
    assert not discovery.is_waiting


def test_a_field_disappears_when_no_telegram_had_it_for_a_day() -> None:
    """A shorter absence costs nothing, for whoever loses an entity loses the name that he gave it."""
    discovery = meter()
    discovery.saw(FIELDS, 0.0)
    told(discovery)
    live(discovery, WITHOUT_GAS, 10, DAY_S)
    discovery.saw(FIELDS, DAY_S)
    live(discovery, WITHOUT_GAS, DAY_S + 10, 2 * DAY_S + 10)
    assert not discovery.is_waiting
    discovery.saw(WITHOUT_GAS, 2 * DAY_S + 10)
    assert told(discovery) == {"total_gas_consumption": ""}
    discovery.saw(FIELDS, 2 * DAY_S + 20)
    assert set(told(discovery)) == {"total_gas_consumption"}


def test_a_day_without_telegrams_takes_nothing_away() -> None:
    """The cable was out, and the gas meter is heard only a minute later."""
    discovery = meter()
    discovery.heard(topic("total_water_consumption"), b"{}", retained=True)
    discovery.saw(FIELDS, 3 * DAY_S)
    discovery.saw(WITHOUT_GAS, 3 * DAY_S + 1)
    told(discovery)
    discovery.saw(WITHOUT_GAS, 6 * DAY_S)
    assert not discovery.is_waiting


def test_what_an_earlier_reader_announced_disappears_alike() -> None:
    """A field that no telegram has, after a day of this reader; what is no field any more at once; others' never."""
    discovery = meter()
    for name in ("total_water_consumption", "net_power", "an_old_name"):
        discovery.heard(topic(name), b"{}", retained=True)
    for other in (HOME.load_config_topic("switch", "boiler"), "homeassistant/sensor/other/x/config", topic("own_echo")):
        discovery.heard(other, b"{}", retained="own_echo" not in other)
    discovery.heard(topic("already_gone"), b"", retained=True)
    assert sent(discovery) == [Outgoing(topic("an_old_name"), "", qos=1, retain=True)]
    discovery.saw(FIELDS, 1.0)
    assert set(told(discovery)) == STANDING
    discovery.heard(topic("net_power"), b"{}", retained=True)
    live(discovery, FIELDS, 10, DAY_S + 20)
    assert told(discovery) == {"total_water_consumption": ""}


def test_a_list_or_an_unknown_field_that_goes_away_is_nothing_to_tell() -> None:
    """It never had an entity."""
    discovery = meter()
    discovery.saw(FIELDS, 0.0)
    told(discovery)
    without = {name: value for name, value in FIELDS.items() if name not in {"mbus", "other"}}
    live(discovery, without, 10, DAY_S + 30)
    assert not discovery.is_waiting


def test_another_meter_is_announced_anew_and_a_serial_that_is_missing_once_is_kept() -> None:
    """The device's facts are in every entity."""
    discovery = meter()
    discovery.saw(FIELDS, 0.0)
    told(discovery)
    discovery.saw({name: value for name, value in FIELDS.items() if name != "meter_serial"}, 1.0)
    assert not discovery.is_waiting
    discovery.saw({**FIELDS, "meter_serial": "B"}, 2.0)
    devices = [json.loads(payload)["device"] for payload in told(discovery).values()]
    assert [one["serial_number"] for one in devices if one["identifiers"] == ["smartmeter_home"]] == ["B"] * 4


def test_a_field_that_comes_and_goes_is_told_once() -> None:
    """A line that can be read only now and then changes nothing for the others."""
    discovery = meter()
    discovery.saw(FIELDS, 0.0)
    told(discovery)
    for second in range(1, 9):
        discovery.saw(WITHOUT_GAS if second % 2 else {**FIELDS, "l1_voltage": 230.0}, float(second))
        assert set(told(discovery)) == ({"l1_voltage"} if second == 2 else set())


def test_switched_off_nothing_is_announced_and_all_of_the_meter_is_removed() -> None:
    """What it finds at the broker; that of the loads is relay_controller's."""
    discovery = meter(wanted=False)
    discovery.saw(FIELDS, 0.0)
    discovery.connected()
    discovery.heard("homeassistant/status", b"online", retained=False)
    assert not discovery.is_waiting
    found = [topic("net_power"), topic("an_old_name"), HOME.config_topic("binary_sensor", "connection")]
    for one in (*found, HOME.load_config_topic("select", "boiler")):
        discovery.heard(one, b"{}", retained=True)
    assert [(message.topic, message.payload) for message in sent(discovery)] == [(one, "") for one in found]
