"""Which of several bridges this one is: its name in client id, topics and queue file.

Bridges of one group on one machine count themselves: each takes the lowest number whose queue file no other one holds. So after
a restart or an upgrade the same numbers, and with them the same files and sessions at the broker, are taken up again. Number 1
has the plain names, as a bridge that is alone.
"""

from dataclasses import dataclass
from pathlib import Path

from influx_bridge.queue_place import QueuePlace

SERVICE = "influx_bridge"
MOST = 64  # bridges on one machine
_FIRST = 1


@dataclass(frozen=True, slots=True)
class Replica:
    """A bridge that holds its queue file. `instance` is empty for the first, or the only one."""

    instance: str
    place: QueuePlace
    is_extra: bool = False  # of a group: it leaves for good when it ends, for the others do its work

    @property
    def is_first(self) -> bool:
        """Whether it looks after what others leave behind."""
        return not self.instance

    def name(self, service: str) -> str:
        """Give the name under which the broker knows it: SERVICE, or SERVICE/INSTANCE."""
        return name_of(service, self.instance)


def name_of(service: str, instance: str) -> str:
    """Give the name of an instance."""
    return f"{service}/{instance}" if instance else service


def queue_file_of(queue_file: Path, instance: str) -> Path:
    """Give the queue file of an instance: influx-queue.db, influx-queue-2.db."""
    return queue_file.with_stem(f"{queue_file.stem}-{instance}") if instance else queue_file


def claim(queue_file: Path, instance: str, *, is_group: bool) -> Replica:
    """Take the place of an instance, or of a group the first that is free. Raises BlockingIOError where there is none."""
    if instance or not is_group:
        return Replica(instance, _held(queue_file_of(queue_file, instance)))
    for number in range(_FIRST, MOST + 1):
        name = "" if number == _FIRST else str(number)
        try:
            return Replica(name, _held(queue_file_of(queue_file, name)), is_extra=number > _FIRST)
        except BlockingIOError:
            continue
    raise BlockingIOError(f"{MOST} bridges hold a queue file beside {queue_file}")


def _held(path: Path) -> QueuePlace:
    place = QueuePlace(path)
    place.prepare()
    return place
