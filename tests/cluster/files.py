"""The files of every part, written as the document tells a user to write them."""

import json
import os
import shutil
from pathlib import Path

from tests.cluster.places import BLOCK, BRIDGES, CLUSTER, EVERYBODY, NODES, House
from tests.support.access import Access
from tests.support.documents import block

WITNESS = "witness"  # who may read everything at each house's broker
_PASSWORD = "of-this-play-only"  # noqa: S105 -- nothing of it is reached from outside this machine
_BROKER_USER = 1883
_EXCHANGE = r"^amq\.topic$"
_SESSION = {"delivery-limit": -1}  # else a message is dropped when a bridge fails over it for the twentieth time
_MQTT = "[meter]\nname = {meter}\n[mqtt]\nhost = {host}\nusername = {user}\npassword = {password}\n"
_SERIAL = "[serial]\nport = socket://{house}-meter:2000\n"
_INFLUX = """\
[influx]
enabled = yes
url = http://database:8428
token = any
org = any
queue_file = /data/influx-queue.db
upload_interval = 1
meter_tag = yes
meters = {meters}
instance = {instance}
"""


def write_files(folder: Path) -> str:
    """Write everything below a folder; give the password of the witness."""
    folder.mkdir(parents=True)
    rabbitmq = block("fleet.md", "cluster_formation.") + "log.console = true\n"
    (folder / "rabbitmq.conf").write_text(rabbitmq, encoding="utf-8")
    (folder / "enabled_plugins").write_text("[rabbitmq_mqtt].\n", encoding="utf-8")
    (folder / "definitions.json").write_text(json.dumps(definitions()), encoding="utf-8")
    access = Access(folder)
    access.do("set-up")
    password = access.do("user", WITNESS, "viewer")
    reader = access.login("reader")
    for house in EVERYBODY:
        _write_house(folder / house.name, house, access, reader)
    for bridge in BRIDGES:
        text = _MQTT.format(meter="home", host=CLUSTER, user=bridge.name, password=_PASSWORD)
        _write_config(folder / bridge.name, text + _INFLUX.format(meters=bridge.meters, instance=bridge.name))
    return password


def _write_house(folder: Path, house: House, access: Access, reader: tuple[str, str]) -> None:
    shutil.copytree(access.broker, folder / "access")
    text = block("fleet.md", "connection fleet")
    text = text.replace(" ".join(f"{node}:1883" for node in NODES), " ".join(f"{node}:1883" for node in house.nodes))
    text = text.replace("house-1", house.name).replace("remote_password secret", f"remote_password {_PASSWORD}")
    (folder / "access" / "fleet.conf").write_text(text, encoding="utf-8")
    if os.geteuid() == 0:
        for path in (folder / "access", *(folder / "access").iterdir()):
            os.chown(path, _BROKER_USER, _BROKER_USER)
    user, password = reader
    text = _MQTT.format(meter=house.name, host=house.name, user=user, password=password)
    _write_config(folder, text + ("" if house is BLOCK else _SERIAL.format(house=house.name)))


def _write_config(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "config.ini").write_text(text, encoding="utf-8")
    (folder / "config.ini").chmod(0o644)


def definitions() -> dict[str, object]:
    """Give RabbitMQ's users and rights: a house writes telegrams of its own meters, a bridge has a session and reads all."""
    rights = {house.name: ("^$", _EXCHANGE, "^$") for house in EVERYBODY}
    for bridge in BRIDGES:
        session = f"^mqtt-subscription-smartmeter-home-influx_bridge.{bridge.name}"  # a queue
        rights[bridge.name] = (session, f"{session}|{_EXCHANGE}", f"{session}|{_EXCHANGE}")
    return {
        "vhosts": [{"name": "/"}],
        "users": [{"name": name, "password": _PASSWORD, "tags": []} for name in rights],
        "permissions": [
            {"user": name, "vhost": "/", "configure": configure, "write": write, "read": read}
            for name, (configure, write, read) in rights.items()
        ],
        "topic_permissions": [
            {
                "user": house.name,
                "vhost": "/",
                "exchange": "amq.topic",
                "write": rf"^smartmeter\.{house.pattern}\.",
                "read": "^$",
            }
            for house in EVERYBODY
        ],
        "policies": [
            {
                "vhost": "/",
                "name": "sessions",
                "pattern": "^mqtt-subscription-",
                "apply-to": "quorum_queues",
                "definition": _SESSION,
            }
        ],
    }
