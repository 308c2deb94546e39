"""The port's part of `python -m reader --check`: look at it, open it, and listen for a valid telegram.

Listening takes at most `LISTEN_S` for each of at most four settings: those of the file, and where something else comes than
telegrams, the three with which P1 meters send.
"""

import errno
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from common.check import Check, has_problem, ok, problem, warning
from common.check_broker import reader_status
from common.check_host import check_versions, remedies, user_name
from common.crc import HAS_C_EXTENSION
from common.health_file import NAME as HEALTH_FILE
from common.health_file import judged
from common.meter_clock import judge_lag
from common.mqtt import OFFLINE, ONLINE, STALE
from common.payload import lag_s
from common.remedies import Place
from common.sections import SerialSettings
from common.settings import Config
from reader import diagnosis
from reader.hearing import Heard, hear, hears, keys, others, words
from reader.port_facts import facts_of
from reader.port_judgement import PortFacts, by_reader, judge_port
from reader.reader import NO_PORT, SERVICE
from reader.receiver import reception_of
from reader.serial_port import PortBusyError, PortGoneError, PortSettingsError

LISTEN_S = 12.0  # most meters send every second, older ones every ten
_RUNTIME = Path("/run/smartmeter/reader")  # of the installed reader
_CONNECT_S = 5.0
# What another speed cannot change: silence, and bytes that are whole.
_SURE = {
    diagnosis.SILENT, diagnosis.HDLC, diagnosis.MBUS, diagnosis.ENCRYPTED, diagnosis.WRONG_KEY, diagnosis.PARTLY_ENCRYPTED,
    diagnosis.NOT_ENCRYPTED, diagnosis.WRONG_CHECKSUM, diagnosis.PARTS, diagnosis.REJECTED,
}  # fmt: skip


def checks(config: Config) -> Iterator[Check]:
    """Look at the packages, then at the port."""
    yield from check_versions("pyserial", "crcmod")
    if not HAS_C_EXTENSION:
        mend = remedies().install_package("python3-crcmod", "reader")
        yield warning("crcmod", "it runs without its C part: checksums cost 25 times more", mend)
    yield from check_port(config)


def check_port(config: Config, listen_s: float = LISTEN_S) -> Iterator[Check]:
    """Look at the port and listen, until a valid telegram comes and at most `listen_s` seconds for each kind of settings.

    Raises SettingsError.
    """
    reception_of(config)  # raises SettingsError for a key that cannot be used here
    settings = config.section(SerialSettings)
    facts = None if "://" in settings.port else facts_of(settings.port, user_name())
    if facts is None:
        well, words = _reader_health(config)
        # A second connection would take telegrams from it, or throw it off; without one of its own it loses nothing.
        if well is not None and not words.startswith(f"{STALE}: {NO_PORT}"):
            yield by_reader(settings.port, None, remedies(), well, words)
            return
    else:
        found = list(judge_port(facts, remedies()))
        yield from found
        if has_problem(found):
            return
        holder = next((one for one in facts.holders if one.is_reader), None)
        if holder is not None:
            yield by_reader(settings.port, holder, remedies(), *_reader_health(config))
            return
    try:
        yield from _listen(config, listen_s)
    except PortBusyError as error:
        yield _busy(config, error)
    except (PortGoneError, PortSettingsError) as error:
        yield _not_opened(settings, facts, error)


def _listen(config: Config, listen_s: float) -> Iterator[Check]:
    settings = config.section(SerialSettings)
    what = f"port {settings.port}"
    heard = hear(config, settings, listen_s)
    if heard.telegram is not None:
        yield ok(what, "gives valid telegrams")
        yield _clock(heard)
        return
    for other in others(settings) if heard.sentence not in _SURE else ():
        if hears(config, other, listen_s):
            found = f"the meter sends {words(other)}, the port reads {words(settings)}"
            yield problem(what, found, f"set [serial] {keys(other)}")
            return
    found, mend = _halves(heard.sentence)
    rejected = f"; the last one: {heard.rejected}" if heard.rejected else ""
    yield problem(what, f"no valid telegram in {listen_s:.0f} s: {found}{rejected}", mend)


def _halves(sentence: str) -> tuple[str, str]:
    """Part a sentence of the diagnosis into what is wrong, and what to do."""
    found, *rest = re.split(r": |; ", sentence, maxsplit=1)
    return found, "".join(rest)


def _clock(heard: Heard) -> Check:
    """Compare the meter's clock with this machine's."""
    lag = lag_s(heard.telegram.fields, heard.received) if heard.telegram is not None else None
    return judge_lag(lag, remedies().set_clock)


def _reader_health(config: Config) -> tuple[bool | None, str]:
    """Give what the running reader says of itself: in the file for its supervisor, else on the broker; None if none runs."""
    own = os.environ.get("RUNTIME_DIRECTORY")
    # An address says nothing of who reads it: from a checkout, the installed reader may read another meter.
    has_other = "://" in config.section(SerialSettings).port and remedies().place is not Place.SYSTEM
    for folder in ([Path(own)] if own else []) + ([] if has_other else [_RUNTIME]):
        try:
            return judged((folder / HEALTH_FILE).read_text(encoding="utf-8"), time.monotonic())
        except OSError:
            continue
    status = reader_status(config, SERVICE)
    return (None, "") if status in {"", OFFLINE} else (status == ONLINE, status)


def _busy(config: Config, error: PortBusyError) -> Check:
    """Tell of a port that somebody else has locked; who, may be hidden from this user."""
    settings, said = config.section(SerialSettings), error.strerror or str(error)
    well, words = _reader_health(config)
    if well is not None and ("(process " not in said or "-m reader" in said):
        return by_reader(settings.port, None, remedies(), well, words)
    return problem(f"port {settings.port}", said, f"sudo fuser -v {settings.port} names it; end it")


def _not_opened(settings: SerialSettings, facts: PortFacts | None, error: OSError | ValueError) -> Check:
    what = f"port {settings.port}"
    if isinstance(error, ValueError):
        return problem(what, str(error), "correct [serial]")
    if facts is None:
        return _no_address(settings, error)
    if error.errno == errno.EPERM:
        mends = {
            Place.CONTAINER: "add the device's number to device_cgroup_rules of reader in docker-compose.yml",
            Place.SYSTEM: f"sudo systemctl edit smartmeter@reader, and there: [Service] DeviceAllow={settings.port} rw",
            Place.CHECKOUT: f"let the container or unit in which this runs use it: DeviceAllow={settings.port} rw in the unit, "
            f"--device {settings.port} for docker run",
        }
        return problem(what, "the reader may not use this device", mends[remedies().place])
    return problem(what, error.strerror or str(error), "replug the cable, then look at: sudo dmesg | tail")


def _no_address(settings: SerialSettings, error: OSError) -> Check:
    """Find out why a port on the network was not opened: pyserial keeps no number of an error."""
    what = f"port {settings.port}"
    host, _, number = settings.port.partition("://")[2].rpartition(":")
    try:
        socket.create_connection((host, int(number)), _CONNECT_S).close()
    except socket.gaierror as reason:
        return problem(what, f"no such host ({reason.strerror})", f"correct {remedies().set_port}{settings.port}")
    except ConnectionRefusedError:
        start = "start the program that serves the port there"
        return problem(what, "nothing listens there (connection refused)", f"{start}, or correct {remedies().set_port}...")
    except OSError as reason:
        return problem(what, reason.strerror or str(reason), f"is {host} switched on? or correct {remedies().set_port}...")
    mend = f"start the program that serves the port there anew, or correct {remedies().set_port}..."
    if settings.port.startswith("rfc2217://"):
        mend = f"{remedies().set_port}socket://{host}:{number}, for a server without RFC 2217"
    return problem(what, (error.strerror or str(error)).partition("; serial ports")[0], mend)
