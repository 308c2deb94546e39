"""The port's part of `python -m reader --check`: open it and listen for a valid telegram."""

import time
from contextlib import closing

from common.sections import SerialSettings
from common.service import Check
from common.settings import Config
from common.waiting import wait_for
from reader.reader import reception_of
from reader.reception import Received, Reception, Rejected
from reader.serial_port import PortBusyError, PortGoneError, PortSettingsError, SerialPort, open_port

LISTEN_S = 12.0  # most meters send every second, older ones every ten


def check_port(config: Config, listen_s: float = LISTEN_S) -> Check:
    """Open the port and listen, until a valid telegram comes and at most `listen_s` seconds."""
    settings = config.section(SerialSettings)
    what = f"port {settings.port}"
    reception = reception_of(config)
    try:
        with closing(open_port(settings)) as port:
            problem = _listen(port, reception, listen_s)
    except (PortGoneError, PortBusyError) as error:
        problem = error.strerror or str(error)
    except PortSettingsError as error:
        problem = str(error)
    return Check(what, well=not problem, found=problem or "gives valid telegrams")


def _listen(port: SerialPort, reception: Reception, listen_s: float) -> str:
    """Say why there is no valid telegram, or nothing if there is one."""
    end_s = time.monotonic() + listen_s
    rejected = ""
    while (left_s := end_s - time.monotonic()) > 0:
        chunk = port.read() if wait_for([port], left_s) else b""
        for event in reception.feed(chunk):
            if isinstance(event, Received):
                return ""
            rejected = f"; the last one: {event.reason}" if isinstance(event, Rejected) else ""
    return f"no valid telegram in {listen_s:.0f} s: {reception.why_no_telegram()}{rejected}"
