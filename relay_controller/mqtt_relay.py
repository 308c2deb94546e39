"""The driver of another maker's relay that takes commands over the broker."""

from collections.abc import Callable

from relay_controller.load import RemoteRelay

Publish = Callable[[str, str], bool]  # topic and payload, with QoS 1 and not retained; False if it cannot be sent now


class MqttRelay:
    """Publishes commands. Commands are never retained: the broker would repeat an old one when the relay comes back."""

    def __init__(self, relay: RemoteRelay, publish: Publish) -> None:
        self._relay = relay
        self._publish = publish

    def switch(self, *, on: bool) -> bool:
        """Send the command; False if it cannot be sent now."""
        return self._publish(self._relay.command_topic, self._relay.on_payload if on else self._relay.off_payload)

    def close(self) -> None:
        """Nothing to let go of: the relay keeps its state, and whoever closes has sent the safe one before."""
