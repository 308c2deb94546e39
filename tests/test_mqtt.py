"""The session with a real broker: birth, last will, reconnection, subscriptions, messages kept for a service that is away."""

import logging
import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from common.inbox import Message
from common.mqtt import MqttSession
from common.sections import MeterSettings, MqttSettings
from common.waiting import wait_for
from tests.support.broker import Broker
from tests.support.cuttable import cuttable
from tests.support.listener import Listener
from tests.support.waiting import eventually, free_port

pytestmark = pytest.mark.broker
STATUS = "smartmeter/home/tester/status"


@contextmanager
def _session(broker: Broker, *filters: str, keep_session: bool = False, meter: str = "home") -> Iterator[MqttSession]:
    session = MqttSession(
        MqttSettings(host=broker.host, port=broker.port), MeterSettings(name=meter), "tester", keep_session=keep_session
    )
    for topic_filter in filters:
        session.subscribe(topic_filter, 1)
    session.start()
    try:
        yield session
    finally:
        session.close()


def _tended(session: MqttSession) -> MqttSession:
    """Let the session live, as the loop of a service does."""
    session.take(0)
    return session


def _heard(session: MqttSession, listener: Listener, topic: str, payload: bytes) -> None:
    """Let the session live until somebody else has heard of it."""
    eventually(lambda: _tended(session) and payload in listener.payloads(topic), what=f"{payload!r} on {topic}")


def _taken(session: MqttSession, count: int) -> list[Message]:
    messages: list[Message] = []

    def enough() -> bool:
        messages.extend(session.take())
        return len(messages) >= count

    eventually(enough, what=f"{count} messages")
    return messages


def test_status_is_online_while_connected_and_offline_after(broker: Broker) -> None:
    """The birth message and the last words are retained on the status topic."""
    with Listener(broker, STATUS) as listener:
        with _session(broker) as session:
            _heard(session, listener, STATUS, b"online")
        listener.wait_for(STATUS, b"offline")
    with Listener(broker, STATUS) as later:
        later.wait_for(STATUS, b"offline")
        assert later.heard == [(STATUS, b"offline", True)]


def test_a_session_that_vanishes_is_offline_by_its_last_will(broker: Broker) -> None:
    """A connection that breaks without a goodbye leaves `offline` behind."""
    with Listener(broker, STATUS) as listener, _session(broker) as session:
        _heard(session, listener, STATUS, b"online")
        sock = session._connection.client.socket()
        assert isinstance(sock, socket.socket)
        sock.shutdown(socket.SHUT_RDWR)
        listener.wait_for(STATUS, b"offline")


def test_a_changed_status_is_published_once(broker: Broker) -> None:
    """Setting the status publishes a change only."""
    topic = "smartmeter/status-test/tester/status"
    with Listener(broker, topic) as listener, _session(broker, meter="status-test") as session:
        _heard(session, listener, topic, b"online")
        session.set_status("stale")
        session.set_status("stale")
        session.set_status("online")
        eventually(lambda: listener.payloads(topic)[-1] == b"online" and len(listener.heard) > 2)
        assert [payload for payload in listener.payloads(topic) if payload != b"offline"] == [b"online", b"stale", b"online"]


def test_a_broker_that_comes_late_is_found(mortal_broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """A service may start before the broker; it says so once and waits."""
    mortal_broker.stop()
    with caplog.at_level(logging.WARNING), _session(mortal_broker) as session:
        eventually(lambda: _tended(session) and "Connection refused; trying on" in caplog.text)
        assert not session.publish("a", "b")
        assert session.dropped == 1
        mortal_broker.start()
        eventually(lambda: _tended(session).connected, 30.0, "the connection")
        assert caplog.text.count("no broker at") == 1


def test_subscriptions_are_restored_after_the_broker_restarts(mortal_broker: Broker) -> None:
    """A broker with an empty store knows no subscriptions: the session makes them again."""
    with _session(mortal_broker, "news") as session:
        eventually(lambda: _tended(session).connections == 1)
        mortal_broker.stop()
        eventually(lambda: not _tended(session).connected)
        mortal_broker.start()
        eventually(lambda: _tended(session).connections == 2, 30.0, "the second connection")
        with Listener(mortal_broker, "nothing") as other:

            def heard() -> list[Message]:
                other.publish("news", "hello")
                return list(session.take())

            assert eventually(heard)[0] == Message("news", b"hello", retained=False)


def test_a_kept_session_gets_what_came_while_it_was_away(broker: Broker) -> None:
    """With keep_session the broker queues QoS 1 messages; without it they are gone."""
    with _session(broker, "kept/#", keep_session=True) as session:
        eventually(lambda: _tended(session).connections == 1)
    with Listener(broker, "nothing") as other:
        other.publish("kept/1", "while away")
    with _session(broker, "kept/#", keep_session=True) as session:
        assert _taken(session, 1) == [Message("kept/1", b"while away", retained=False)]


def test_what_an_earlier_run_asked_for_is_taken_back(broker: Broker) -> None:
    """The broker keeps the subscriptions of a session with it; what is wanted now stays."""
    with _session(broker, "taken/back", "taken/kept", keep_session=True, meter="taken") as session:
        eventually(lambda: _tended(session).connections == 1)
    session = MqttSession(MqttSettings(port=broker.port), MeterSettings(name="taken"), "tester", keep_session=True)
    session.subscribe("taken/kept", 1)
    session.unsubscribe(["taken/back", "taken/kept", "never/asked"])
    session.start()
    with Listener(broker, "nothing") as other:
        eventually(lambda: _tended(session).connections == 1)
        for topic in ("taken/back", "taken/kept"):
            other.publish(topic, "news")
        assert _taken(session, 1) == [Message("taken/kept", b"news", retained=False)]
    session.leave()
    eventually(lambda: _tended(session).has_left)
    session.close(for_good=True)


def test_what_is_not_acknowledged_comes_again(broker: Broker) -> None:
    """A message counts as taken only when its data is safe; it is acknowledged on the connection by which it came."""
    with cuttable(broker.port) as line, Listener(broker, "nothing") as other:
        session = MqttSession(MqttSettings(port=line.port), MeterSettings(name="again"), "tester", keep_session=True)
        session.subscribe("again/#", 1)
        session.start()
        eventually(lambda: _tended(session).connections == 1)
        for number in range(3):
            other.publish("again/1", str(number))
        first = _taken(session, 3)
        session.acknowledge(message.receipt for message in first[:1] if message.receipt)
        other.publish("again/1", "3")  # when it comes, the acknowledgement before it went
        assert [message.payload for message in _taken(session, 1)] == [b"3"]
        for _ in range(2):
            line.cut()
            assert [message.payload for message in _taken(session, 3)] == [b"1", b"2", b"3"]
            session.acknowledge(message.receipt for message in first if message.receipt)  # of the first connection
        session.close()


def test_the_broker_waits_for_acknowledgements(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more are under way than the session asks for, so that its memory is bounded."""
    monkeypatch.setattr("common.client._RECEIVE_MAX", 20)
    with _session(broker, "window/#", keep_session=True, meter="window") as session, Listener(broker, "window/#") as other:
        eventually(lambda: _tended(session).connections == 1)
        for number in range(45):
            other.publish("window/1", str(number))
        eventually(lambda: len(other.heard) == 45)
        taken = piece = _taken(session, 20)
        assert len(piece) == 20
        while len(taken) < 45:
            session.acknowledge(message.receipt for message in piece if message.receipt)
            piece = _taken(session, 1)
            taken = taken + piece
        assert [message.payload for message in taken] == [str(number).encode() for number in range(45)]


def test_messages_of_qos_0_want_no_acknowledgement(broker: Broker) -> None:
    """They have no receipt."""
    with _session(broker, "plain", keep_session=True, meter="plain") as session, _session(broker, meter="other") as other:
        eventually(lambda: _tended(session).connections == 1 and _tended(other).connections == 1)
        other.publish("plain", "x")
        assert [message.receipt for message in _taken(session, 1)] == [None]


def test_what_was_under_way_at_a_break_is_not_sent_later(broker: Broker) -> None:
    """It would be an old reading on a live topic, or an old command to a relay."""
    with Listener(broker, "late/#") as listener, cuttable(broker.port) as line:
        session = MqttSession(MqttSettings(port=line.port), MeterSettings(), "late")
        session.start()
        eventually(lambda: _tended(session).connections == 1)
        line.hold()
        assert session.publish("late/1", "old", qos=1)
        eventually(lambda: line.held > 0)
        assert session.in_flight == 1
        line.cut()
        eventually(lambda: _tended(session).connections == 2, 30.0, "the second connection")
        assert session.in_flight == 0
        assert session.publish("late/1", "new", qos=1)
        listener.wait_for("late/1", b"new")
        session.close()
        assert listener.payloads("late/1") == [b"new"]


def test_a_recording_sends_again_what_was_under_way(broker: Broker) -> None:
    """It is old anyway, and none of it may be lost."""
    with Listener(broker, "resent/#") as listener, cuttable(broker.port) as line:
        session = MqttSession(MqttSettings(port=line.port), MeterSettings(), "resent", resend=True)
        session.start()
        eventually(lambda: _tended(session).connections == 1)
        line.hold()
        assert session.publish("resent/1", "old", qos=1)
        eventually(lambda: line.held > 0)
        line.cut()
        _heard(session, listener, "resent/1", b"old")
        eventually(lambda: _tended(session).in_flight == 0)
        session.close()


def test_a_server_that_is_no_broker_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """It takes the connection and hangs up, and is tried again every second."""
    with caplog.at_level(logging.WARNING), socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20.0)
        session = MqttSession(MqttSettings(port=server.getsockname()[1]), MeterSettings(), "tester")
        session.start()
        for _ in range(3):
            _hang_up(server, session)
        # A reset that comes before the session has said anything is told in other words.
        while session.complaint != "it answers, but not as a broker":
            _hang_up(server, session)
        assert f"no broker at 127.0.0.1:{server.getsockname()[1]}: " in caplog.text
        session.close()


def _hang_up(server: socket.socket, session: MqttSession) -> None:
    eventually(lambda: _tended(session) and select.select([server], [], [], 0)[0])
    client, _address = server.accept()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close sends a reset
    client.close()


def test_a_broker_that_lost_the_session_is_said(mortal_broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """What it kept for the service is gone with it."""
    with caplog.at_level(logging.WARNING), _session(mortal_broker, "x", keep_session=True) as session:
        eventually(lambda: _tended(session).connections == 1)
        mortal_broker.stop()
        mortal_broker.start()
        eventually(lambda: _tended(session).connections == 2, 30.0, "the second connection")
        assert "has forgotten what it kept for this service" in caplog.text


def test_a_session_that_is_not_kept_ends_the_kept_one(broker: Broker) -> None:
    """A disabled service connects once without keeping: the broker forgets what it queued."""
    with _session(broker, "ended/#", keep_session=True) as session:
        eventually(lambda: _tended(session).connections == 1)
    with _session(broker) as session:
        eventually(lambda: _tended(session).connections == 1)
    with Listener(broker, "nothing") as other:
        other.publish("ended/1", "while away")
    with _session(broker, "ended/#", keep_session=True) as session, Listener(broker, "nothing") as other:
        eventually(lambda: _tended(session).connections == 1)
        other.publish("ended/2", "now")
        assert _taken(session, 1) == [Message("ended/2", b"now", retained=False)]


def test_a_retained_message_is_marked(broker: Broker) -> None:
    """Old messages can be told from live ones."""
    with Listener(broker, "nothing") as other:
        other.publish("old", "from before", retain=True)
        with _session(broker, "old") as session:
            assert _taken(session, 1) == [Message("old", b"from before", retained=True)]
        other.publish("old", "", retain=True)


def test_a_full_inbox_makes_the_broker_wait(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded when a service is slow, and no message is lost."""
    monkeypatch.setattr("common.inbox._FULL_BYTES", 3000)
    with _session(broker, "flood") as session, Listener(broker, "nothing") as other:
        eventually(lambda: _tended(session).connections == 1)
        for number in range(50):
            other.publish("flood", str(number))
        eventually(lambda: _tended(session)._inbox.is_full)
        assert len(session._inbox) == 10
        assert [message.payload for message in _taken(session, 50)] == [str(number).encode() for number in range(50)]


def test_messages_come_in_bounded_pieces_and_none_is_forgotten(broker: Broker) -> None:
    """Between two pieces a service does what else is due; while there are more it is awake."""
    with _session(broker, "pieces") as session, Listener(broker, "nothing") as other:
        eventually(lambda: _tended(session).connections == 1)
        for number in range(7):
            other.publish("pieces", str(number))
        eventually(lambda: len(_tended(session)._inbox) == 7)
        pieces = []
        while wait_for([session], 0.0):
            pieces.append([message.payload for message in session.take(3)])
        assert [piece for piece in pieces if piece] == [[b"0", b"1", b"2"], [b"3", b"4", b"5"], [b"6"]]


def test_in_flight_falls_to_nothing_when_the_broker_acknowledges(broker: Broker) -> None:
    """A recording can wait until everything arrived."""
    with _session(broker) as session:
        eventually(lambda: _tended(session).connections == 1)
        for _ in range(30):
            assert session.publish("counted", "x", qos=1)
        eventually(lambda: _tended(session).in_flight == 0)


def test_what_the_broker_acknowledged_is_forgotten(broker: Broker) -> None:
    """Also by a service that never asks how much is under way: it may publish for years."""
    with _session(broker) as session:
        eventually(lambda: _tended(session).connections == 1)
        unacknowledged = session._connection._unacknowledged
        for _ in range(40):
            sent = session._connection.client.publish("forgotten", "x", 1)
            assert session.publish("forgotten", "x", qos=1)
            eventually(lambda sent=sent: _tended(session) and sent.is_published())  # type: ignore[misc]  # of this round
        assert len(unacknowledged) <= 2


def test_closing_without_a_broker_takes_no_time() -> None:
    """SIGTERM ends a service in less than 2 s, also while it looks for the broker."""
    absent = MqttSession(MqttSettings(port=free_port()), MeterSettings(), "tester")
    absent.start()
    start_s = time.monotonic()
    absent.close()
    assert time.monotonic() - start_s < 1.0


def test_a_refused_login_is_said(locked_broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """With a wrong password the broker's own words reach the log, once."""
    with caplog.at_level(logging.WARNING), _session(locked_broker) as session:
        eventually(lambda: _tended(session) and "refuses the connection: Not authorized" in caplog.text)
        assert not session.connected
