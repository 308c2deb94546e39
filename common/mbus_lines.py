"""The lines of a telegram's M-Bus meters, to be read again with other readings in them."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from common.frame import Line, groups_of
from common.mbus import READINGS, MbusMeter, mbus_fields
from common.obis import MBUS_BY_CODE
from common.timestamps import Clock


class MbusLines:
    """Made of all lines of a telegram, and of the good ones among them.

    `spans` are the places of the good readings in the telegram: what stands behind the code, from bracket to bracket.
    """

    def __init__(self, lines: Iterable[Line], good: Iterable[Line], clock: Clock) -> None:
        self._clock = clock
        self._channels = {MBUS_BY_CODE[line.code][0] for line in lines if line.code in MBUS_BY_CODE}  # bad ones count, too
        self._good = [(*MBUS_BY_CODE[line.code], line) for line in good if line.code in MBUS_BY_CODE]
        self._readings = [(channel, part, line) for channel, part, line in self._good if part in READINGS]
        self.spans = [
            (line.place + line.text.index("(") + 1, line.place + len(line.text))
            for _, _, line in self._readings
            if line.place is not None
        ]

    def fields(self, readings: Sequence[bytes]) -> dict[str, object]:
        """Give the fields of all meters, with these texts at the places `spans`. Raises ValueError where one is wrong."""
        meters = {channel: meter.without_reading() for channel, meter in self._meters.items()}
        texts = iter(readings)
        for channel, part, line in self._readings:
            groups = line.groups if line.place is None else groups_of(next(texts).decode("latin-1"))
            meters[channel].add(part, groups, self._clock)
        return mbus_fields(meters.values())

    @cached_property
    def _meters(self) -> dict[int, MbusMeter]:
        """What the other lines tell, by channel."""
        meters = {channel: MbusMeter(channel) for channel in self._channels}
        for channel, part, line in self._good:
            if part not in READINGS:
                meters[channel].add(part, line.groups, self._clock)
        return meters
