"""The run directory of a demo: the settings of broker and services, on free ports and away from everything installed."""

import os
import re
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
_RUN_FOLDER = CHECKOUT / "run"
_CSV_FOLDER = CHECKOUT / "data"
_BROKER_CONFIG = CHECKOUT / "mosquitto" / "mosquitto.conf"

_SETTINGS = """\
# Written by `make demo`.
[serial]
port = {port}

[mqtt]
port = {mqtt_port}
health_interval = 2

[csv]
file_path = {csv_folder}
file_prefix = {csv_prefix}
write_every = 1
compress = no

[relay]
settle = 2

# Runs on solar power that would be injected.
[load:boiler]
driver = none
power = 2000
on_when = surplus > 2200 W
on_delay = 5
off_when = surplus < 2000 W
off_delay = 5
min_on = 10
min_off = 10

# Shines while power is drawn from the grid.
[load:lamp]
driver = none
on_when = net_power > 0 W
on_delay = 3
off_when = net_power <= 0 W
off_delay = 3
min_on = 5
min_off = 5
"""

_INFLUX = """
[influx]
enabled = yes
url = {url}
token = demo
org = demo
upload_interval = 2
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything of one demo is."""

    folder: Path
    meter: Path  # the pseudo-terminal of the simulated meter
    mqtt_port: int
    websocket_port: int  # of the broker, for the live page
    page_port: int
    database_port: int
    config: Path
    broker_config: Path
    csv_prefix: str  # one per demo: others, and a household's own csv_logger, may write beside it
    csv_folder: Path = _CSV_FOLDER

    def log(self, name: str) -> Path:
        """Give the file that a process's words go to."""
        return self.folder / f"{name}.log"

    @property
    def access_options(self) -> list[str]:
        """The options of `python -m mosquitto` that say where the logins are."""
        folders = {"broker": self.access, "logins": self.folder / "logins", "authority": self.folder / "authority"}
        return ["--config", str(self.config), *(f"--{name}={folder}" for name, folder in folders.items())]

    @property
    def access(self) -> Path:
        """The folder with the passwords and rights that the broker knows."""
        return self.folder / "access"

    def login(self, service: str) -> dict[str, str]:
        """Give the variables with which a service logs in to the broker."""
        password = self.folder / "logins" / service / "password"
        return {"SMARTMETER_MQTT_USERNAME": service, "SMARTMETER_MQTT_PASSWORD_FILE": str(password)}

    @property
    def csv_notes(self) -> list[Path]:
        """The files that csv_logger keeps for its next start, which a demo does not have."""
        return [path for name in ("columns", "lock") for path in self.csv_folder.glob(f".{name}__{self.csv_prefix}*")]

    @property
    def database_url(self) -> str:
        """The address of a database that the demo starts itself."""
        return f"http://127.0.0.1:{self.database_port}"


def build_stage() -> Stage:
    """Make an empty run directory, one per demo, and free ports. The directories of demos that are gone go too."""
    pid = os.getpid()
    for old in _RUN_FOLDER.glob("demo-*"):
        if not _is_in_use(old.name, pid):
            shutil.rmtree(old, ignore_errors=True)
    folder = _RUN_FOLDER / f"demo-{pid}"
    folder.mkdir(parents=True)
    _CSV_FOLDER.mkdir(exist_ok=True)
    mqtt, websocket, page, database = _free_ports(4)
    config, broker_config = folder / "config.ini", folder / "mosquitto.conf"
    return Stage(folder, folder / "meter", mqtt, websocket, page, database, config, broker_config, f"demo_{pid}_")


def _is_in_use(name: str, own_pid: int) -> bool:
    """Tell whether a run directory is that of another demo which runs, as far as its number tells."""
    match = re.fullmatch(r"demo-([0-9]+)", name)
    return match is None or (int(match[1]) != own_pid and Path("/proc", match[1]).exists())


def write_settings(stage: Stage, *, with_database: bool) -> None:
    """Write the settings of the services and of the broker."""
    text = _SETTINGS.format(
        port=stage.meter, mqtt_port=stage.mqtt_port, csv_folder=stage.csv_folder, csv_prefix=stage.csv_prefix
    )
    if with_database:
        text += _INFLUX.format(url=stage.database_url)
    stage.config.write_text(text, encoding="utf-8")
    websockets = f"listener {stage.websocket_port} 127.0.0.1\nprotocol websockets\nsocket_domain ipv4"
    replaced = {"listener": f"{stage.mqtt_port} 127.0.0.1\n{websockets}", "persistence_location": f"{stage.folder}/"}
    replaced |= {"password_file": f"{stage.access}/passwords", "acl_file": f"{stage.access}/acl"}
    if os.geteuid() == 0:
        replaced["user"] = "root"  # else Mosquitto becomes a user who may not write here
    stage.broker_config.write_text(broker_config(replaced), encoding="utf-8")


def broker_config(replaced: Mapping[str, str]) -> str:
    """Give the project's own broker configuration with some settings replaced; what belongs to a listener goes with it."""
    lines = _BROKER_CONFIG.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition(" ")[0] not in {*replaced, "protocol", "socket_domain"}]
    return "\n".join([*kept, *(f"{key} {value}" for key, value in replaced.items()), ""])


def _free_ports(count: int) -> list[int]:
    """Find TCP ports that are free now; all are held until the last is found, so that they differ."""
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [int(listener.getsockname()[1]) for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
