"""Where the house has its files, and the settings of its parts: everything goes faster than in a real one."""

import getpass
import re
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import REPOSITORY

NAME = "chaos"  # of the meter
STALE_AFTER_S = 3.0
AUTOSAVE_S = 2
SAVED_AFTER_S = AUTOSAVE_S + 3.0  # Mosquitto looks at its clock about once a second, and the machine is slow
_BACKFILL_WINDOW_S = 4 * AUTOSAVE_S  # twice is enough on time, but this machine is slow
_SETTINGS = f"""\
[meter]
name = {NAME}
stale_after = {STALE_AFTER_S}

[serial]
port = {{link}}

[mqtt]
backfill_window = {_BACKFILL_WINDOW_S}
health_interval = 1

[influx]
enabled = yes
url = {{url}}
token = test
org = test
timeout = 2000
upload_interval = 1
backlog_mb_per_5min = 0
queue_file = {{queue}}/influx-queue.db

[csv]
file_path = {{csv}}
max_lines = 120
min_free_mb = 0

[relay]
settle = 0
state_file = {{data}}/relay-state.json

[load:heater]
driver = mqtt
command_topic = relays/heater/set
state_topic = relays/heater/state
power = 2000
on_when = net_power > -100000 W
on_delay = 0
off_when = net_power < -100000 W
off_delay = 0
min_on = 0
min_off = 0
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files are: the logs survive a power cut, the others may be on disks of their own."""

    logs: Path
    data: Path  # broker's store, state of the loads
    csv: Path
    queue: Path


def write_settings(places: Places, *, link: Path, url: str, broker_port: int) -> None:
    """Make the folders, and write `config.ini` and `mosquitto.conf` among the logs: the repository's own, saved more often."""
    for folder in (places.data / "mosquitto", places.csv, places.queue):
        folder.mkdir(parents=True, exist_ok=True)
    text = _SETTINGS.format(link=link, url=url, queue=places.queue, csv=places.csv, data=places.data)
    (places.logs / "config.ini").write_text(text, encoding="utf-8")
    text = (REPOSITORY / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
    for pattern, line in (
        (r"^listener 9001 .*\nprotocol .*\nsocket_domain .*\n", ""),
        (r"^listener .*$", f"listener {broker_port} 127.0.0.1\nuser {getpass.getuser()}"),
        (r"^allow_anonymous .*$", "allow_anonymous true"),
        (r"^(?:password|acl)_file .*\n", ""),
        (r"^persistence_location .*$", f"persistence_location {places.data}/mosquitto/"),
        (r"^autosave_interval .*$", f"autosave_interval {AUTOSAVE_S}"),
    ):
        text, count = re.subn(pattern, line, text, flags=re.MULTILINE)
        assert count, pattern
    (places.logs / "mosquitto.conf").write_text(text, encoding="utf-8")
