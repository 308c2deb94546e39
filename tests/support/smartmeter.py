"""The four services with real parts around them, for a test to play with."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.broker import Broker
from tests.support.database import Database
from tests.support.listener import Listener
from tests.support.processes import Service, running

CONSUMERS = ("csv_logger", "influx_bridge", "relay_controller")

_SETTINGS = """\
[meter]
name = {meter}
{meter_settings}
[serial]
port = {port}

[mqtt]
host = {broker.host}
port = {broker.port}
health_interval = 1

[influx]
enabled = yes
url = {database.url}
token = test
org = test
upload_interval = 1
{influx_settings}
[csv]
file_path = {csv_folder}
write_every = 5
compress = no

{loads}
"""

LOAD = """
[load:heater]
driver = mqtt
command_topic = relays/{meter}/set
power = 2000
on_when = net_power > -100000 W
on_delay = 0
off_when = net_power < -100000 W
off_delay = 0
min_on = 0
min_off = 0
"""


@dataclass
class Smartmeter:
    """The running services of one meter, and where their things are."""

    meter: str
    folder: Path
    services: dict[str, Service] = field(default_factory=dict)

    @property
    def csv_folder(self) -> Path:
        """The folder of the CSV files."""
        return self.folder / "csv"

    def csv_rows(self) -> list[list[str]]:
        """Give the rows of all files, complete and open, without their headers."""
        names = sorted(self.csv_folder.glob("*.csv")) + sorted(self.csv_folder.glob(".wip__*.csv"))
        lines = [line for name in names for line in name.read_bytes().decode().split("\r\n")[1:] if line]
        return [line.split(",") for line in lines]

    def logs(self) -> str:
        """Give everything that the services said."""
        return "\n".join(f"--- {name}\n{service.log}" for name, service in self.services.items())


def write_settings(smartmeter: Smartmeter, broker: Broker, database: Database, port: str, meter_settings: str = "") -> Path:
    """Write the one settings file of the services."""
    file = smartmeter.folder / "config.ini"
    text = _SETTINGS.format(
        meter=smartmeter.meter,
        meter_settings=meter_settings,
        port=port,
        broker=broker,
        database=database,
        influx_settings="meter_tag = yes",
        csv_folder=smartmeter.csv_folder,
        loads=LOAD.format(meter=smartmeter.meter),
    )
    file.write_text(text, encoding="utf-8")
    return file


@contextmanager
def running_services(smartmeter: Smartmeter, config: Path, listener: Listener) -> Iterator[Smartmeter]:
    """Run the services, the reader when the others are subscribed; print what they said if the block fails."""
    with ExitStack() as stack:

        def start(name: str) -> None:
            log = smartmeter.folder / f"{name}.log"
            smartmeter.services[name] = stack.enter_context(running([name, "-c", str(config)], log))

        try:
            for name in CONSUMERS:
                start(name)
            for name in CONSUMERS:
                listener.wait_for(f"smartmeter/{smartmeter.meter}/{name}/status", b"online")
            start("reader")
            yield smartmeter
        except BaseException:
            print(smartmeter.logs())
            raise
