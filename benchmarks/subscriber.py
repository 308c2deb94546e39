"""A subscriber that notes when each message was there: a process of its own, which adds next to nothing.

It prints a line when its subscription stands. At SIGTERM it writes what it heard: a line of JSON per message,
[monotonic ns, topic, payload].
"""

import argparse
import json
import select
import signal
import sys
import time
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion


class _Ears:
    """What is heard, with the time at which the socket had it: paho's own work afterwards is not ours to measure."""

    def __init__(self, topics: list[str]) -> None:
        self.readable_ns = 0
        self.heard: list[tuple[int, str, bytes]] = []
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in topics])
        self.client.on_subscribe = lambda *_: print("subscribed", flush=True)
        self.client.on_message = self._hear

    def listen(self) -> None:
        """Go on until the process is asked to end."""
        while sock := self.client.socket():
            select.select([sock], [], [], 10.0)
            self.readable_ns = time.monotonic_ns()
            self.client.loop_read()
            while self.client.want_write():
                self.client.loop_write()
            self.client.loop_misc()

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.heard.append((self.readable_ns, message.topic, bytes(message.payload)))


def main(arguments: list[str]) -> None:
    """Subscribe and listen."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.subscriber")
    parser.add_argument("port", type=int, help="of the broker on this machine")
    parser.add_argument("log", type=Path)
    parser.add_argument("topics", nargs="+")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    ears = _Ears(options.topics)
    ears.client.connect("127.0.0.1", options.port)
    try:
        ears.listen()
    finally:
        lines = [json.dumps([ns, topic, payload.decode(errors="replace")]) for ns, topic, payload in ears.heard]
        options.log.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
