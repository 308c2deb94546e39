"""Shows on a screen what comes over the broker: telegrams, and what the loads do and why."""

import re
from collections.abc import Set as AbstractSet

from common.inbox import Message
from common.mqtt import ONLINE, MqttSession
from common.payload import PayloadError, parse
from demo.output import complain, say
from demo.screen import heading, line_of, load_line

_HEADING_EVERY = 20
_NUMBERS = re.compile(r"-?[0-9][0-9.,]*")


class Show:
    """Shows what comes over the broker, and waits for the services that are `expected`."""

    def __init__(self, session: MqttSession, expected: AbstractSet[str] = frozenset()) -> None:
        self.telegrams = 0
        self._expected = expected
        self._online: set[str] = set()
        self._note = ""
        self._topics = session.topics
        self._reasons: dict[str, str] = {}  # load -> what was shown last, without its numbers

    @property
    def missing(self) -> AbstractSet[str]:
        """The expected services that do not run yet."""
        return self._expected - self._online

    def keep_saying(self, note: str) -> None:
        """Say a line, and again with each heading: else it scrolls away."""
        say(note)
        self._note = note

    def take(self, message: Message) -> None:
        """Show one message, or remember what it says."""
        service, _, what = message.topic.removeprefix(self._topics.of("")).rpartition("/")
        if message.topic == self._topics.telegram:
            self._show_telegram(message.payload)
        elif what == "reason":
            self._show_reason(service.removeprefix("load/"), message.payload.decode(errors="replace"))
        elif what == "status":
            (self._online.add if message.payload.decode() == ONLINE else self._online.discard)(service)

    def _show_telegram(self, payload: bytes) -> None:
        try:
            reading = parse(payload)
        except PayloadError as error:
            complain(f"not a telegram: {error}")
            return
        if self.telegrams % _HEADING_EVERY == 0:
            if self._note:
                say(self._note)
            say(heading())
        self.telegrams += 1
        say(line_of(reading))

    def _show_reason(self, load: str, reason: str) -> None:
        words = _NUMBERS.sub("", reason)
        if self._reasons.get(load) != words:
            self._reasons[load] = words
            say(load_line(load, reason))
