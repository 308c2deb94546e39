"""What each login may do at a real broker of each version: topic by topic, and what it gets without a login."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from mosquitto.password_hash import hash_of
from tests.support.access import BROKERS, Access, GuardedBroker, broker_owner, guarded_broker
from tests.support.guest import Guest, Login, answer_to
from tests.support.parts import PartMissing, do_without
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

SETTINGS = """\
[load:boiler]
driver = mqtt
command_topic = cmnd/boiler/POWER
state_topic = stat/boiler/POWER

[load:odd]
driver = mqtt
command_topic = write smartmeter/home/telegram  twice /ü/%u
state_topic = /garden pump//

[load:off]
driver = none
command_topic = cmnd/other/POWER
"""
READER, RELAYS, INFLUX, CSV = "reader", "relay_controller", "influx_bridge", "csv_logger"
SERVICES = (READER, RELAYS, INFLUX, CSV)
PEOPLE = {"vera": "viewer", "homeassistant": "home", "boiler-relay": "relay"}
VIEWER, HOME, RELAY = PEOPLE
ADMIN = ("admin", "may publish everything")  # the test's own
ODD_COMMAND = "write smartmeter/home/telegram  twice /ü/%u"
HEARERS = {VIEWER, HOME}

# topic | who may write it | who may read it, besides viewer and home, who may read all
TABLE: list[tuple[str, set[str], set[str]]] = [
    ("smartmeter/home/telegram", {READER}, {RELAYS, INFLUX, CSV}),
    ("smartmeter/garage/telegram", {READER}, {RELAYS, INFLUX, CSV}),
    ("smartmeter/home/backfill", {READER}, {INFLUX, CSV}),
    ("smartmeter/home/raw", {READER}, set()),
    ("smartmeter/home/net_power", {READER}, set()),
    ("smartmeter/home/peak_demand_history", {READER}, set()),
    *(
        (f"smartmeter/home/{service}/{what}", {service}, set())
        for service in SERVICES
        for what in ("status", "health", "check")
        if (service, what) != (READER, "status")
    ),
    ("smartmeter/home/reader/status", {READER}, {RELAYS, INFLUX, CSV}),
    *((f"smartmeter/home/influx_bridge/2/{what}", {INFLUX}, set()) for what in ("status", "health")),
    ("smartmeter/home/influx_bridge/2/3/status", set(), set()),
    ("smartmeter/home/csv_logger/2/status", set(), set()),
    *((f"smartmeter/home/load/boiler/{what}", {RELAYS}, {RELAYS}) for what in ("state", "mode", "shadow", "reason")),
    ("smartmeter/home/load/boiler/switch", {RELAYS}, {INFLUX}),
    ("smartmeter/garage/load/x/switch", {RELAYS}, {INFLUX}),
    ("smartmeter/home/load/boiler/set", {HOME}, {RELAYS}),
    ("smartmeter/home/load/boiler/set/more", set(), set()),
    ("smartmeter/home/load/boiler/other", set(), set()),
    ("smartmeter/home/load", {READER}, set()),  # a field's topic, as far as names go
    ("smartmeter/home/reader", {READER}, set()),
    ("smartmeter/home", set(), set()),
    ("smartmeter", set(), set()),
    ("smartmeter/home/a/b/c", set(), set()),
    ("smartmeter2/home/telegram", set(), set()),
    ("homeassistant/device/smartmeter-home/config", set(), set()),
    ("homeassistant/sensor/node/power/config", {READER, RELAYS}, {READER, RELAYS}),
    ("homeassistant/sensor/node/power/state", set(), set()),
    ("homeassistant/config", set(), set()),
    ("homeassistant/status", {HOME}, {READER, RELAYS}),
    ("cmnd/boiler/POWER", {RELAYS}, {RELAY}),
    ("stat/boiler/POWER", {RELAY}, {RELAYS}),
    (ODD_COMMAND, {RELAYS}, {RELAY}),
    ("/garden pump//", {RELAY}, {RELAYS}),
    ("/garden", set(), set()),
    ("cmnd/other/POWER", set(), set()),
    ("tele/boiler/LWT", set(), set()),
    ("x", set(), set()),
    ("$CONTROL/dynamic-security/v1", set(), set()),
]
LOGINS = (*SERVICES, *PEOPLE)
# Topics on which somebody would like to be heard when he is gone.
WILLS = (
    "smartmeter/home/telegram",
    "smartmeter/home/reader/status",
    "smartmeter/home/load/boiler/set",
    "homeassistant/status",
    "cmnd/boiler/POWER",
    "stat/boiler/POWER",
    "tele/boiler/LWT",
)


@pytest.fixture(scope="module", params=BROKERS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GuardedBroker, Access]]:
    """Run a broker of each version, with a login for each service and each role."""
    kind: str = request.param
    access = Access(tmp_path_factory.mktemp("access"), SETTINGS, broker_owner(kind))
    access.do("set-up")
    (access.root / "people").mkdir()
    for name, role in PEOPLE.items():
        (access.root / "people" / name).write_text(access.do("user", name, role))
    with (access.broker / "passwords").open("a") as passwords, (access.broker / "acl").open("a") as acl:
        passwords.write(f"{ADMIN[0]}:{hash_of(ADMIN[1], bytes(12))}\n")
        acl.write(f"\nuser {ADMIN[0]}\ntopic readwrite #\ntopic readwrite $CONTROL/#\n")
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(guarded_broker(kind, access))
        except PartMissing as reason:
            do_without(reason)
        yield broker, access


def _login(access: Access, name: str) -> Login:
    return access.login(name) if name in SERVICES else (name, (access.root / "people" / name).read_text())


@pytest.mark.parametrize("name", LOGINS)
def test_a_login_may_write_its_topics_and_no_others(name: str, house: tuple[GuardedBroker, Access]) -> None:
    """Each topic of the table is tried; the broker says what it refuses."""
    broker, access = house
    with Guest(broker.port, _login(access, name)) as guest:
        assert guest.answer == "Success"
        wrong = [topic for topic, writers, _ in TABLE if guest.may_publish(topic) != (name in writers)]
    assert wrong == []


@pytest.mark.parametrize("name", LOGINS)
def test_a_login_may_read_its_topics_and_no_others(name: str, house: tuple[GuardedBroker, Access]) -> None:
    """Somebody who may publishes on each topic of the table; whoever subscribed to all hears what he may."""
    broker, access = house
    readable = [topic for topic, _, readers in TABLE if name in readers or (name in HEARERS and not topic.startswith("$"))]
    with Guest(broker.port, _login(access, name)) as guest, Guest(broker.port, ADMIN) as admin:
        guest.subscribe("#", "$CONTROL/#", "/#")
        for topic, _, _ in TABLE:
            admin.may_publish(topic, name)
        admin.may_publish(readable[0] if readable else "smartmeter/home/telegram", "the end")
        eventually(lambda: "the end" in [payload for _, payload in guest.heard], what="the last message")
    assert {topic for topic, payload in guest.heard if payload == name} == set(readable)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_last_will_is_heard_only_where_its_login_may_write(name: str, house: tuple[GuardedBroker, Access]) -> None:
    """Somebody of the same client id takes the place of who left it, upon which the broker tells it."""
    broker, access = house
    login = _login(access, name)
    writers = {topic: writers for topic, writers, _ in TABLE}
    with Guest(broker.port, ADMIN) as admin:
        admin.subscribe("#")
        for number, topic in enumerate(WILLS):
            client_id = f"{name}-{number}"
            with Guest(broker.port, login).called(client_id).with_will(topic, name) as first:
                assert first.answer == "Success"
                with Guest(broker.port, login).called(client_id):
                    assert first.gone.wait(20.0)
        admin.may_publish("x", "the end")
        eventually(lambda: ("x", "the end") in admin.heard, what="the last message")
    assert {topic for topic, payload in admin.heard if payload == name} == {topic for topic in WILLS if name in writers[topic]}


@pytest.mark.parametrize("name", PEOPLE)
def test_a_shared_subscription_gives_no_more_than_another(name: str, house: tuple[GuardedBroker, Access]) -> None:
    """A relay's gives it its commands; one to a topic that it may not read, nothing."""
    broker, access = house
    with Guest(broker.port, _login(access, name)) as guest, Guest(broker.port, ADMIN) as admin:
        guest.subscribe("$share/group/#", "$share/other/smartmeter/home/telegram", "$share/more/smartmeter/+/load/+/set")
        for topic, _, _ in TABLE:
            admin.may_publish(topic, name)
        last = "cmnd/boiler/POWER"  # which all of them may read
        admin.may_publish(last, "the end")
        eventually(lambda: (last, "the end") in guest.heard, what="the last message")
    heard = {topic for topic, payload in guest.heard if payload == name}
    assert heard == {topic for topic, _, readers in TABLE if name in readers or (name in HEARERS and not topic.startswith("$"))}


@pytest.mark.parametrize("name", LOGINS)
def test_of_the_brokers_own_figures_a_service_reads_the_version_only(name: str, house: tuple[GuardedBroker, Access]) -> None:
    """Viewers may read all of them; a relay none."""
    broker, access = house
    with Guest(broker.port, _login(access, name)) as guest, Guest(broker.port, _login(access, VIEWER)) as viewer:
        guest.subscribe("$SYS/#")
        viewer.subscribe("$SYS/#")
        eventually(lambda: len(viewer.heard) > 5, what="the broker's figures")
        guest.may_publish("x")  # its answer comes after what was retained for the subscription
        topics = {topic for topic, _ in guest.heard}
    if name in SERVICES:
        assert topics == {"$SYS/broker/version"}
    else:
        assert bool(topics) == (name != RELAY)


def test_retained_values_are_refused_to_who_may_not_read_them(house: tuple[GuardedBroker, Access]) -> None:
    """An old value is no more open than a new one."""
    broker, access = house
    with Guest(broker.port, _login(access, READER)) as reader:
        assert reader.may_publish("smartmeter/home/ean", "541", retain=True)
    with Guest(broker.port, _login(access, VIEWER)) as viewer, Guest(broker.port, _login(access, CSV)) as logger:
        for guest in (viewer, logger):
            guest.subscribe("smartmeter/#")
        eventually(lambda: ("smartmeter/home/ean", "541") in viewer.heard, what="the retained value")
        logger.may_publish("smartmeter/home/csv_logger/check")
        assert logger.heard == []


def test_without_the_right_password_nobody_gets_in(house: tuple[GuardedBroker, Access]) -> None:
    """A wrong one, an empty one, none, that of another, an unknown name, a hash."""
    broker, access = house
    hashed = dict(line.split(":", 1) for line in (access.broker / "passwords").read_text().splitlines())[READER]
    other = _login(access, CSV)[1]
    for login in ((READER, "wrong"), (READER, ""), None, (READER, other), ("nobody", other), (READER, hashed), ("", "")):
        assert answer_to(broker.port, login) == "Not authorized", login
    assert answer_to(broker.port, _login(access, READER)) == "Success"


def test_a_new_person_gets_in_after_a_reload_and_a_removed_one_is_thrown_out(house: tuple[GuardedBroker, Access]) -> None:
    """Others stay connected, and no password of theirs changes."""
    broker, access = house
    before = (access.broker / "passwords").read_text(), (access.broker / "acl").read_text()
    try:
        guest = ("guest", access.do("user", "guest", "viewer"))
        assert answer_to(broker.port, guest) == "Not authorized"
        broker.reload()
        eventually(lambda: answer_to(broker.port, guest) == "Success", what="the new login")
        with Guest(broker.port, _login(access, CSV)) as stays, Guest(broker.port, guest) as goes:
            assert goes.answer == "Success"
            access.do("remove-user", "guest")
            broker.reload()
            eventually(lambda: answer_to(broker.port, guest) == "Not authorized", what="the end of the login")
            assert goes.gone.wait(20.0)
            assert not stays.gone.is_set()
    finally:
        for name, text in zip(("passwords", "acl"), before, strict=True):
            (access.broker / name).write_text(text)
        broker.reload()


def test_the_broker_has_nothing_to_complain_of(house: tuple[GuardedBroker, Access]) -> None:
    """Neither owner, nor mode, nor a setting that is no longer known."""
    broker, _ = house
    complaints = [line for line in broker.log.splitlines() if "arning" in line or "rror" in line]
    assert [line for line in complaints if "run as root" not in line] == []  # who runs the tests may be root
