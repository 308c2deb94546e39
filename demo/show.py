"""Shows on a screen what comes over the broker: telegrams, and what the loads do and why."""

import re

from common.mqtt import ONLINE, Message, MqttSession
from common.payload import PayloadError, parse
from demo.output import complain, say
from demo.screen import heading, line_of, load_line

_HEADING_EVERY = 20
_NUMBERS = re.compile(r"-?[0-9][0-9.,]*")


class Show:
    """Shows what comes over the broker."""

    def __init__(self, session: MqttSession) -> None:
        self.online: set[str] = set()
        self.telegrams = 0
        self._topics = session.topics
        self._reasons: dict[str, str] = {}  # load -> what was shown last, without its numbers

    def take(self, message: Message) -> None:
        """Show one message, or remember what it says."""
        service, _, what = message.topic.removeprefix(self._topics.of("")).rpartition("/")
        if message.topic == self._topics.telegram:
            self._show_telegram(message.payload)
        elif what == "reason":
            self._show_reason(service.removeprefix("load/"), message.payload.decode(errors="replace"))
        elif what == "status":
            (self.online.add if message.payload.decode() == ONLINE else self.online.discard)(service)

    def _show_telegram(self, payload: bytes) -> None:
        try:
            reading = parse(payload)
        except PayloadError as error:
            complain(f"not a telegram: {error}")
            return
        if self.telegrams % _HEADING_EVERY == 0:
            say(heading())
        self.telegrams += 1
        say(line_of(reading))

    def _show_reason(self, load: str, reason: str) -> None:
        words = _NUMBERS.sub("", reason)
        if self._reasons.get(load) != words:
            self._reasons[load] = words
            say(load_line(load, reason))
