"""Many simulated meters at one broker, and the message of each as a reader would publish it."""

from dataclasses import dataclass, field
from datetime import datetime

from common.decoder import Decoder
from common.outgoing import Outgoing
from common.payload import Reading, encode, lag_s
from common.topics import Topics
from reader.household import Household
from reader.messages import telegram_message
from reader.telegram_writer import TelegramWriter

METERS_MAX = 9999  # names have four digits


@dataclass(slots=True)
class _Meter:
    """One of many."""

    topics: Topics
    household: Household
    writer: TelegramWriter = field(default_factory=TelegramWriter)
    decoder: Decoder = field(default_factory=Decoder)
    seq: int = 0


@dataclass(slots=True)
class Fleet:
    """Meters NAME-0001, NAME-0002 ..., each with a household of its own that lives from `start` on.

    The same seed and start give the same lives.
    """

    base_topic: str
    name: str
    seed: int
    start: datetime
    _meters: list[_Meter] = field(default_factory=list)

    def __len__(self) -> int:
        """Count the meters."""
        return len(self._meters)

    def add_meter(self) -> None:
        """Take in one meter more. It costs some milliseconds: its household's whole day is planned."""
        number = len(self._meters) + 1
        topics = Topics(self.base_topic, f"{self.name}-{number:04}")
        household = Household(self.seed * (METERS_MAX + 1) + number, self.start)
        self._meters.append(_Meter(topics, household))

    def advance_to(self, moment: datetime) -> None:
        """Let every household live on until its first telegram. Raises ValueError for a moment that is past."""
        for meter in self._meters:
            meter.household.advance_to(moment)

    def next_message(self, index: int, received: datetime) -> Outgoing:
        """Give the message of a meter's next second. `index` counts from 0, `received` is the host's time in UTC."""
        meter = self._meters[index]
        # The way of every telegram: its bytes, its fields, its JSON.
        state = meter.household.step() if meter.seq else meter.household.state()
        fields = meter.decoder.decode(meter.writer.render(state)).fields
        meter.seq += 1
        reading = Reading(meter.topics.meter, received, meter.seq, fields, lag_s(fields, received))
        return telegram_message(encode(reading), meter.topics)
