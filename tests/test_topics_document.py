"""docs/topics.md, and the topics of the README: what is really on the broker."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from common.announced import Announced
from common.inbox import Message
from common.obis import FIELDS, Field
from common.payload import Reading, encode
from common.sections import COMMON_SECTIONS, KNOWN, CsvSettings, HomeAssistantSettings, InfluxSettings
from common.settings import Config, parse
from common.topics import Topics
from csv_logger.files import CsvFiles
from csv_logger.recorder import Recorder
from csv_logger.rotation import Moment
from influx_bridge.bridge import Bridge
from influx_bridge.queue import Queue
from influx_bridge.replica import claim
from influx_bridge.selection import selection_of
from influx_bridge.writer import Writer
from reader.field_updates import FieldUpdates
from reader.messages import backfill_message, field_messages, raw_message, telegram_message
from reader.reader import Reader
from relay_controller.announcements import Announcements
from relay_controller.controller import Controller
from relay_controller.decide import initial
from relay_controller.settings import SECTIONS, plant_of
from tests.support.documents import README, table
from tests.support.processes import REPOSITORY
from tests.support.telegrams import DECODABLE, expected

TEXT = (REPOSITORY / "docs" / "topics.md").read_text(encoding="utf-8")
HEADER = "| topic | what | QoS | retained |"
TOPICS = Topics("smartmeter", "home")
DISCOVERY = "homeassistant/.../config"
LOADS = "[peak]\nlimit = follow\n[load:boiler]\nshadow = yes\non_when = net_power < 0 W\noff_when = net_power > 0 W\n"


def _config(text: str, folder: Path) -> Config:
    wanted = (*COMMON_SECTIONS, *SECTIONS, *KNOWN.plain.values())
    return parse(text, known=KNOWN, wanted=wanted, environment={}, folder=folder, read_secret=str)


def _reading(**fields: object) -> Reading:
    return Reading("home", datetime.now(UTC), 1, fields)


def test_the_readme_and_the_document_have_every_topic() -> None:
    """Those of `common.topics`, in the same order in both."""
    load = [TOPICS.load("NAME", what) for what in ("state", "reason", "mode", "set", "shadow", "switch")]
    ours = [
        TOPICS.telegram,
        TOPICS.backfill,
        TOPICS.of("FIELD"),
        TOPICS.raw,
        TOPICS.status("SERVICE"),
        TOPICS.health("SERVICE"),
    ]
    wanted = [f"`{topic}`" for topic in (*ours, *load, DISCOVERY)]
    assert [row[0] for row in table(README.read_text(encoding="utf-8"), "| topic | what |")] == wanted
    assert [row[0] for row in table(TEXT, HEADER)] == wanted


def _published(folder: Path) -> Iterator[tuple[str, int, bool]]:
    """Give topic, QoS and whether it is retained, of what cores say to the broker; status and health have no core."""
    plant = plant_of(_config(LOADS, folder))
    announced = Announced()
    announced.want({DISCOVERY: "{}"})
    for message in (
        telegram_message(b"", TOPICS),
        backfill_message(b"", TOPICS),
        raw_message(b"", TOPICS),
        *Announcements(TOPICS, plant).due(initial(plant), {}, datetime.now(UTC), 0.0),
        *announced.due(1),
    ):
        yield message.topic.replace("/boiler/", "/NAME/"), message.qos, message.retain


def test_the_document_says_how_each_topic_is_published(tmp_path: Path) -> None:
    """QoS, and whether the broker keeps it; a command is another program's."""
    said = {row[0].strip("`"): (int(row[2]), row[3] == "yes") for row in table(TEXT, HEADER)}
    published = {topic: (qos, retain) for topic, qos, retain in _published(tmp_path)}
    elsewhere = {
        TOPICS.of("FIELD"): (0, False),  # it depends on the field
        TOPICS.status("SERVICE"): (1, True),
        TOPICS.health("SERVICE"): (0, True),
        TOPICS.load("NAME", "set"): (1, False),
    }
    assert said == published | elsewhere


def _row(field: Field) -> list[str]:
    """Give the row of a field in the document."""
    if field.device_class == "timestamp":
        unit = "time"
    elif field.type is list:
        unit = f"list as JSON, {field.unit}" if field.unit else "list as JSON"
    else:
        unit = field.unit or ("text" if field.type is str else "number")
    return [f"`{field.name}`", unit, field.label, "yes" if field.kind.retained else "no"]


def test_the_document_has_every_field() -> None:
    """Row by row, in the order of the table that knows them."""
    assert table(TEXT, "| field | unit | what | retained |") == [_row(field) for field in FIELDS]


def test_fields_are_retained_as_the_document_says() -> None:
    """And with the QoS of its row on fields."""
    values: dict[str, object] = {field.name: 1 for field in FIELDS}
    messages = list(field_messages(_reading(**values), TOPICS, FieldUpdates(1, 60), 0.0))
    rows = table(TEXT, "| field | unit | what | retained |")
    assert [(message.topic, message.retain) for message in messages] == [
        (TOPICS.of(name.strip("`")), retained == "yes") for name, _, _, retained in rows
    ]
    assert {message.qos for message in messages} == {0}


def test_the_document_has_the_other_keys_of_a_telegram() -> None:
    """Those that are no fields."""
    keys = {name.strip("`") for name, _ in table(TEXT, "| key | what |")}
    reading = Reading("home", datetime.now(UTC), 1, {"other": {}}, 1.0, recorded=True)
    assert keys == json.loads(encode(reading)).keys()


def test_the_document_has_the_keys_of_lists() -> None:
    """As they are in the telegrams that were decoded by hand."""
    said = {name.strip("`"): set(re.findall(r"`(\w+)`", keys)) for name, keys in table(TEXT, "| list | each item has |")}
    assert said.keys() == {field.name for field in FIELDS if field.type is list}
    for name, keys in said.items():
        lists = [value for telegram in DECODABLE if isinstance(value := expected(telegram).get(name), list)]
        assert {key for items in lists for item in items for key in item} == keys


def _reader(folder: Path) -> Mapping[str, object]:
    return Reader(_config("", folder))._counters()


def _relay_controller(folder: Path) -> Mapping[str, object]:
    """One that knows a limit, and cannot write its file."""
    (folder / "data").touch()
    config = _config(LOADS, folder)
    controller = Controller(config, plant_of(config))
    assert controller._counters().keys() == {"switches", "decisions", "ignored"}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    payload = encode(_reading(timestamp=now, net_power=1, average_demand=0.1, peak_demand_month=3.0))
    controller._take(Message(TOPICS.telegram, payload, retained=False))
    controller._keep(is_last=True)
    controller._keeper.close()
    return controller._counters()


def _influx_bridge(folder: Path) -> Mapping[str, object]:
    settings = InfluxSettings()
    with closing(Queue(claim(folder / "queue.db", "", is_group=False).place, 1)) as queue:
        return Bridge(Writer(settings), queue, settings, selection_of("own", TOPICS)).health()


def _csv_logger(folder: Path) -> Mapping[str, object]:
    settings = CsvSettings(file_path=folder)
    files = CsvFiles(settings, Moment(datetime.now(UTC).astimezone(), 0.0))
    with closing(files):
        return Recorder(files, TOPICS, settings).health()


def test_the_document_has_every_counter_of_health(tmp_path: Path) -> None:
    """Service by service, in the order in which they are told."""
    told = []
    for service in (_reader, _relay_controller, _influx_bridge, _csv_logger):
        folder = tmp_path / service.__name__
        folder.mkdir()
        told += [[f"`{service.__name__.removeprefix('_')}`", f"`{counter}`"] for counter in service(folder)]
    assert [row[:2] for row in table(TEXT, "| service | counter | what |")] == told


def test_the_names_with_which_the_document_begins_are_the_defaults() -> None:
    """Base topic, meter, prefix."""
    config = _config("", Path("/"))
    base, meter = re.findall(r"`\[\w+\] \w+ = (\w+)`", TEXT.split("##", 1)[0])
    assert Topics(base, meter) == TOPICS
    assert DISCOVERY.startswith(f"{config.section(HomeAssistantSettings).prefix}/")
