"""Listening at the port, with the settings of the file and with those that P1 meters have."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from common.sections import SerialSettings
from common.settings import Config
from common.waiting import wait_for
from reader.receiver import reception_of
from reader.reception import Received, Rejected
from reader.serial_port import PortGoneError, PortSettingsError, open_port

# DSMR 4 and 5 and all later ones; some of DSMR 4 with parity; DSMR 2 and 3.
_USUAL = ((115_200, 8, "N"), (115_200, 7, "E"), (9_600, 7, "E"))


@dataclass(frozen=True, slots=True)
class Heard:
    """What came from a port in some seconds: a valid telegram, or a sentence of `reader.diagnosis` that says why none."""

    telegram: Received | None
    received: datetime
    sentence: str = ""
    rejected: str = ""  # why the last one was rejected


def hear(config: Config, settings: SerialSettings, listen_s: float) -> Heard:
    """Listen with some settings. Raises what `open_port` raises."""
    if sys.stderr.isatty():
        print(f"listening at {settings.port}, {words(settings)}, for {listen_s:.0f} s at most", file=sys.stderr, flush=True)
    reception = reception_of(config)
    rejected = ""
    with closing(open_port(settings)) as port:
        end_s = time.monotonic() + listen_s
        while (left_s := end_s - time.monotonic()) > 0:
            for event in reception.feed(port.read() if wait_for([port], left_s) else b""):
                if isinstance(event, Received):
                    return Heard(event, datetime.now(UTC))
                rejected = event.reason if isinstance(event, Rejected) else rejected
    return Heard(None, datetime.now(UTC), reception.why_no_telegram(), rejected)


def hears(config: Config, settings: SerialSettings, listen_s: float) -> bool:
    """Tell whether telegrams come with other settings; not every adapter can have them."""
    try:
        return hear(config, settings, listen_s).telegram is not None
    except (PortGoneError, PortSettingsError):
        return False


def others(settings: SerialSettings) -> Iterator[SerialSettings]:
    """Give the usual settings that were not tried yet; a socket has none of its own."""
    if settings.port.startswith("socket://"):
        return
    for baudrate, bytesize, parity in _USUAL:
        other = replace(settings, baudrate=baudrate, bytesize=bytesize, parity=parity, stopbits=1)
        if words(other) != words(settings):
            yield other


def words(settings: SerialSettings) -> str:
    """Name settings as people do: 115200 8N1."""
    return f"{settings.baudrate} {settings.bytesize}{settings.parity.upper()}{settings.stopbits}"


def keys(settings: SerialSettings) -> str:
    """Write settings as the lines of the file, on one."""
    words = {"baudrate": settings.baudrate, "bytesize": settings.bytesize, "parity": settings.parity.upper()}
    return ", ".join(f"{key} = {value}" for key, value in words.items()) + f", stopbits = {settings.stopbits}"
