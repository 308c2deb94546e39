"""The end of a session at the broker: nothing that is on its way is lost, and the broker gives what comes next to others."""

import time
from collections.abc import Callable, Iterable

from common.inbox import Message
from common.mqtt import MqttSession
from common.waiting import wait_for

_QUIET_S, _DRAIN_S = 0.4, 5.0  # no message for so long, and for how long at most
_CONNECT_S = 5.0

MakeSafe = Callable[[list[Message]], bool]  # tells whether they are


def drain(session: MqttSession, make_safe: MakeSafe) -> bool:
    """Ask for no more, and make safe what is under way. Tells whether nothing is left at the broker."""
    session.leave()
    now_s = last_s = time.monotonic()
    end_s = now_s + _DRAIN_S
    while now_s - last_s < _QUIET_S and now_s < end_s:
        wait_for([session], _QUIET_S)
        messages = session.take()
        now_s = time.monotonic()
        if messages:
            if not make_safe(messages):
                return False
            session.acknowledge(message.receipt for message in messages if message.receipt)
        if messages or not session.has_left:
            last_s = now_s
    return now_s - last_s >= _QUIET_S


def end_session(session: MqttSession, topics: Iterable[str], make_safe: MakeSafe) -> bool:
    """End, in the name of a bridge that is gone, the session that asked for `topics`; tell whether that was possible now."""
    for topic in topics:
        session.subscribe(topic, qos=1)
    session.start()
    is_gone = False
    try:
        end_s = time.monotonic() + _CONNECT_S
        while not session.connections and (left_s := end_s - time.monotonic()) > 0:
            wait_for([session], left_s)
            session.take(0)
        is_gone = session.connections > 0 and drain(session, make_safe)
    finally:
        session.close(for_good=is_gone)
    return is_gone
