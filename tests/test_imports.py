"""Who may import whom (STYLE: a service never imports another; cores have no I/O; drivers know one library)."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import REPOSITORY

SERVICES = ("reader", "relay_controller", "influx_bridge", "csv_logger")

# Shells of common: the only modules of it that may do I/O.
COMMON_SHELLS = {
    "common",  # the package itself: what must be said before anything else is imported
    "common.broker_visit",
    "common.check_broker",
    "common.check_command",
    "common.check_host",
    "common.client",
    "common.connection",
    "common.health",
    "common.health_check",
    "common.lazy",
    "common.log",
    "common.mqtt",
    "common.paho",
    "common.port_holders",
    "common.rest",
    "common.secret_files",
    "common.service",
    "common.settings_file",
    "common.subscriptions",
    "common.supervisor",
    "common.waiting",
}

# A driver of a service, and what it may use besides cores: its one library, and I/O of the standard library.
DRIVERS = {
    "reader.serial_port": {"serial"},
    "reader.pump": {"serial"},
    "reader.decrypt": {"cryptography"},
    "reader.line": set[str](),
    "reader.pseudo_terminal": set[str](),
    "reader.sink": set[str](),
    "reader.standard_output": set[str](),
    "reader.tcp_server": set[str](),
    "csv_logger.files": set[str](),
    "csv_logger.folder": set[str](),
    "csv_logger.history": set[str](),
    "csv_logger.open_file": set[str](),
    "csv_logger.compression": set[str](),
    "csv_logger.report.output": set[str](),
    "csv_logger.report.plot": {"matplotlib"},
    "csv_logger.report.progress": set[str](),
    "csv_logger.report.sources": set[str](),
    "influx_bridge.database": {"urllib3"},
    "influx_bridge.first_place": set[str](),
    "influx_bridge.leftovers": set[str](),
    "influx_bridge.queue": set[str](),
    "influx_bridge.queue_file": set[str](),
    "influx_bridge.queue_place": set[str](),
    "influx_bridge.queue_tables": set[str](),
    "influx_bridge.replica": set[str](),
    "influx_bridge.subscribed": set[str](),
    "influx_bridge.writer": set[str](),
    "doctor.asking": set[str](),
    "doctor.checkout": set[str](),
    "doctor.compose": set[str](),
    "doctor.machine": set[str](),
    "doctor.systemd": set[str](),
    "doctor.twin": set[str](),
    "mosquitto.certificates": {"cryptography"},
    "relay_controller.gpio": {"RPi"},
    "relay_controller.mqtt_relay": set[str](),
    "relay_controller.pin_record": set[str](),
    "relay_controller.relays": set[str](),
    "relay_controller.state_file": set[str](),
    "relay_controller.replay.recording": set[str](),
    "relay_controller.replay.plot": {"matplotlib"},
}

# What wires: `__main__`, and the commands of the reader, which are programs of their own.
PROGRAMS = {
    "csv_logger.check",
    "csv_logger.recorder",
    "csv_logger.report.command",
    "doctor.__main__",
    "doctor.port",
    "influx_bridge.bridge",
    "influx_bridge.check",
    "influx_bridge.grafana_login",
    "influx_bridge.leaving",
    "influx_bridge.local_login",
    "influx_bridge.member",
    "influx_bridge.report",
    "mosquitto.__main__",
    "mosquitto.access",
    "mosquitto.check",
    "mosquitto.output",
    "mosquitto.settings_file",
    "mosquitto.tls",
    "mosquitto.web_certificate",
    "mosquitto.web_check",
    "reader.broadcast",
    "reader.capture",
    "reader.check",
    "reader.port_facts",
    "reader.decode",
    "reader.hearing",
    "reader.reader",
    "reader.receiver",
    "reader.remarks",
    "reader.simulate",
    "reader.simulate_values",
    "relay_controller.check",
    "relay_controller.controller",
    "relay_controller.keeper",
    "relay_controller.replay.command",
    "relay_controller.safety",
    *(f"{service}.__main__" for service in SERVICES),
    *SERVICES,  # the package itself: `common` comes before all else
}

PURE_LIBRARIES = {"crcmod"}
SHELL_LIBRARIES = {"paho"}

# Modules of the standard library that a core has no use for: they read the world or change it.
INPUT_OUTPUT = {
    "argparse", "asyncio", "concurrent", "fcntl", "glob", "gzip", "http.client", "http.server", "io", "logging",
    "multiprocessing", "os", "pty", "random", "select", "selectors", "shutil", "signal", "socket", "sqlite3", "ssl",
    "subprocess", "sys", "tempfile", "termios", "threading", "time", "tty", "urllib.request", "warnings",
}  # fmt: skip


def _modules() -> Iterator[tuple[str, Path]]:
    for package in ("common", "demo", "doctor", "mosquitto", *SERVICES):
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            yield ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"), path


def _imports(path: Path) -> set[str]:
    """Give the full names of what a file imports, inside functions too; `from a import b` gives a.b if that is a module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            for alias in node.names:
                inner = Path(REPOSITORY, *module.split("."), f"{alias.name}.py")
                names.add(f"{module}.{alias.name}" if inner.exists() else module)
    return names


MODULES = dict(_modules())


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_place_allows(module: str) -> None:
    """Each import is one that the table of the house allows."""
    package = module.split(".", maxsplit=1)[0]
    forbidden = {name for name in _imports(MODULES[module]) if not _may_import(module, package, name)}
    assert not forbidden


def test_every_named_module_exists() -> None:
    """The lists above name no module that is gone."""
    assert not {*COMMON_SHELLS, *DRIVERS, *PROGRAMS} - MODULES.keys()


def _may_import(module: str, package: str, name: str) -> bool:
    top = name.split(".", maxsplit=1)[0]
    if top in sys.stdlib_module_names:
        return not {name, top} & INPUT_OUTPUT or not _is_core(module)
    if top == "common":
        return name not in COMMON_SHELLS or _wires(module) or (module in DRIVERS and name == "common.waiting")
    if top == package:
        return _is_core(name) or _wires(module) or (module in DRIVERS and name in DRIVERS)
    libraries = {"common": SHELL_LIBRARIES if module in COMMON_SHELLS else PURE_LIBRARIES}
    return top in libraries.get(package, DRIVERS.get(module, set()))


def _is_core(module: str) -> bool:
    return module not in DRIVERS and not _wires(module)


def _wires(module: str) -> bool:
    return module in PROGRAMS or module in COMMON_SHELLS or module.startswith("demo")
