"""What a session subscribes to, at each connection anew."""

from collections.abc import Iterable

from common.paho import Client, ReasonCode, SubscribeOptions


class Subscriptions:
    """The topics that are wanted, and those that an earlier run of this program may have left with the broker."""

    def __init__(self) -> None:
        self.has_left = False  # the broker sends no more messages, since `leave`
        self._wanted: dict[str, SubscribeOptions] = {}
        self._unwanted: list[str] = []
        self._leaving_mid: int | None = None

    def add(self, topic: str, qos: int, *, not_own: bool) -> None:
        """Want a topic. With `not_own` what this session publishes itself does not come back, but for what the broker keeps."""
        self._wanted[topic] = SubscribeOptions(qos, noLocal=not_own)

    def forget(self, topics: Iterable[str]) -> None:
        """Want no more of these, unless they are wanted."""
        self._unwanted = [topic for topic in topics if topic not in self._wanted]

    def ask(self, client: Client) -> bool:
        """Tell the broker; gives whether it will answer with `refused`."""
        if self._unwanted:
            client.unsubscribe(self._unwanted)
        if self._wanted:
            client.subscribe(list(self._wanted.items()))
        return bool(self._wanted)

    def refused(self, reasons: Iterable[ReasonCode]) -> list[str]:
        """Give the topics that the broker refuses, by its answer."""
        return [topic for topic, reason in zip(self._wanted, reasons, strict=False) if reason.is_failure]

    def leave(self, client: Client | None) -> None:
        """Want nothing any more, and tell the broker if there is a connection. `has_left` tells when it knows."""
        if client and self._wanted:
            self._leaving_mid = client.unsubscribe(list(self._wanted))[1]
        self._wanted.clear()

    def unsubscribed(self, mid: int) -> None:
        """Take note of the broker's answer to an `unsubscribe`."""
        self.has_left = self.has_left or mid == self._leaving_mid
