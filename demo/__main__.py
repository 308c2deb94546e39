"""`make demo`: simulated meter, broker, four services and the live page on free ports; shows the readings; leaves CSV files.

`python -m demo --seconds 20` ends by itself 20 s after all services run. Exit codes: 0 ended as asked, 1 a program failed.
"""

import argparse
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from math import isfinite
from pathlib import Path
from types import MappingProxyType

from common.mqtt import MqttSession
from common.sections import MeterSettings, MqttSettings
from common.waiting import Stop, wait_for
from demo import page
from demo.output import OutputGoneError, complain, say
from demo.processes import ProgramEndedError, Programs
from demo.screen import summary
from demo.show import Show
from demo.stage import CHECKOUT, Stage, build_stage, write_settings

_START_S = 60.0  # an old Pi takes its time to start six programs
_BROKER_START_S, _BROKER_LOOK_S = 10.0, 0.05
_LOGIN = "demo"  # beside those of the services: whoever shows the readings
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


def main() -> int:
    """Run the demo; give the exit code."""
    options = _options()
    mosquitto = _program("mosquitto")
    if mosquitto is None:
        complain("no Mosquitto here; install it with: sudo apt install mosquitto")
        return 1
    with Stop() as stop:
        return _demo(mosquitto, _program("victoria-metrics"), options.seconds, stop)


def _demo(mosquitto: str, database: str | None, seconds: float | None, stop: Stop) -> int:
    stage = build_stage()
    write_settings(stage, with_database=database is not None)
    before = _csv_files(stage)
    programs = Programs(CHECKOUT)
    try:
        password, page_password = (_password(programs, stage, *who) for who in ((_LOGIN, "viewer"), (page.LOGIN, "home")))
    except ProgramEndedError as error:
        complain(f"demo: {error}")
        return 1
    session = _session(stage, password)
    show = Show(session, {"reader", "csv_logger", "relay_controller"} | ({"influx_bridge"} if database else set()))
    failed = False
    obstacle = page.obstacle()
    live_page = obstacle or f"live page: {page.address(stage, page_password)}"
    try:
        _start(programs, stage, mosquitto, database, stop)
        if obstacle is None:
            programs.start("page", page.server(stage), stage.log("page"))
        session.start()
        _run(programs, session, show, stop, seconds, live_page)
    except ProgramEndedError as error:
        complain(f"demo: {error}")
        failed = True
    except OutputGoneError:  # whoever reads the output has seen enough
        pass
    finally:
        session.close()
        killed = programs.stop()
    for name in killed:
        complain(f"demo: {name} did not end when asked to")
    rows = {str(path.relative_to(CHECKOUT)): _rows_in(path) for path in sorted(_csv_files(stage) - before)}
    with suppress(OutputGoneError):
        say(summary(show.telegrams, rows))
    for note in stage.csv_notes:
        note.unlink(missing_ok=True)
    if not failed:
        shutil.rmtree(stage.folder, ignore_errors=True)
    return 1 if failed or killed else 0


def _csv_files(stage: Stage) -> set[Path]:
    return set(stage.csv_folder.glob(f"{stage.csv_prefix}*.csv"))


def _rows_in(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(1 for _ in lines) - 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description="Run everything here, with a simulated meter.")
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="end by itself after N seconds (make demo SECONDS=N)")
    return parser.parse_args()


def _seconds(text: str) -> float:
    with suppress(ValueError):
        seconds = float(text)
        if isfinite(seconds) and seconds > 0:
            return seconds
    raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")


def _password(programs: Programs, stage: Stage, name: str, role: str) -> str:
    return programs.ask([sys.executable, "-m", "mosquitto", "user", *stage.access_options, name, role])


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=_SBIN)


def _session(stage: Stage, password: str) -> MqttSession:
    settings = MqttSettings(port=stage.mqtt_port, username=_LOGIN, password=password)
    session = MqttSession(settings, MeterSettings(), _LOGIN, announce=False)
    for what in ("telegram", "+/status", "load/+/reason"):
        session.subscribe(session.topics.of(what), 1)
    return session


def _start(programs: Programs, stage: Stage, mosquitto: str, database: str | None, stop: Stop) -> None:
    say(f"starting broker, simulated meter and services; their logs are in {stage.folder.relative_to(CHECKOUT)}/")
    programs.start("mosquitto", [mosquitto, "-c", str(stage.broker_config)], stage.log("mosquitto"))
    _wait_for_port(stage.mqtt_port, stop)
    if database is None:
        say("no InfluxDB here, so nothing is written to one (Debian's victoria-metrics would do); everything else runs")
    else:
        storage = [f"-storageDataPath={stage.folder}/database", f"-httpListenAddr=127.0.0.1:{stage.database_port}"]
        programs.start("victoria-metrics", [database, *storage, "-retentionPeriod=100y"], stage.log("victoria-metrics"))
        say(f"victoria-metrics stands for InfluxDB: {stage.database_url}")
    _start_python(programs, stage, "simulator", ["reader", "simulate", "--port", str(stage.meter)])
    for service in ("csv_logger", "influx_bridge", "relay_controller", "reader"):
        _start_python(programs, stage, service, [service, "-c", str(stage.config)], stage.login(service))


def _wait_for_port(port: int, stop: Stop) -> None:
    """Wait until the broker listens, so that nothing complains of it; if it does not, the watch over programs tells why."""
    end_s = time.monotonic() + _BROKER_START_S
    while time.monotonic() < end_s and not stop.requested:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        wait_for([stop], _BROKER_LOOK_S)


def _start_python(
    programs: Programs, stage: Stage, name: str, arguments: list[str], settings: Mapping[str, str] = MappingProxyType({})
) -> None:
    programs.start(name, [sys.executable, "-m", *arguments], stage.log(name), settings)


def _run(programs: Programs, session: MqttSession, show: Show, stop: Stop, seconds: float | None, live_page: str) -> None:
    """Show what happens until asked to stop, or for some seconds from when all services run."""
    start_s, end_s = time.monotonic(), float("inf")
    all_run = False
    while not stop.requested and time.monotonic() < end_s:
        wait_for([session, stop], min(1.0, end_s - time.monotonic()))
        for message in session.take():
            show.take(message)
        programs.check()
        if not all_run and not show.missing:
            all_run = True
            say("all services run; Ctrl-C ends the demo" if seconds is None else f"all services run, for {seconds:g} s")
            show.keep_saying(live_page)
            end_s = float("inf") if seconds is None else time.monotonic() + seconds
        if not all_run and time.monotonic() - start_s > _START_S:
            missing = ", ".join(sorted(show.missing))
            raise ProgramEndedError(f"not running after {_START_S:g} s: {missing}; see the logs")


if __name__ == "__main__":
    sys.exit(main())
