"""What `--check` asks the broker: whether it lets this service in, and lets it write and read its topics."""

from collections.abc import Iterator

from common import broker_trouble as trouble
from common.broker_trouble import RefusedVisitError
from common.broker_visit import BrokerVisit, Heard
from common.check import OK, Check, ok, problem, warning
from common.check_host import remedies
from common.meter_clock import judge_lag
from common.mqtt import OFFLINE, ONLINE, STALE
from common.payload import PayloadError, parse
from common.remedies import Place, Remedies
from common.sections import MeterSettings, MqttSettings
from common.settings import Config
from common.topics import Topics

_VERSION_TOPIC = "$SYS/broker/version"  # of Mosquitto; other brokers have none
_VERSION_S = 0.5
_TELEGRAM_S = 12.0  # most meters send every second, older ones every ten


def check_broker(config: Config, service: str) -> Iterator[Check]:
    """Try the login of a service, and whether it may write its own topics."""
    mqtt = config.section(MqttSettings)
    what = f"broker {mqtt.host}:{mqtt.port}"
    try:
        with BrokerVisit(mqtt, config.section(MeterSettings), service) as broker:
            version = broker.hear([_VERSION_TOPIC], _VERSION_S, bool).get(_VERSION_TOPIC, b"").decode(errors="replace")
            yield ok(what, f"connected{' with TLS' if mqtt.tls else ''}{f', {version}' if version else ''}")
            yield _rights(broker, service, mqtt.host)
    except RefusedVisitError as error:
        yield problem(what, str(error), _mend(error.trouble, mqtt))


def check_telegrams(config: Config, service: str, *, all_meters: bool = False) -> Iterator[Check]:
    """Wait until a telegram comes; nothing is said where there is no broker."""
    mqtt, meter = config.section(MqttSettings), config.section(MeterSettings)
    own = Topics(mqtt.base_topic, meter.name)
    telegram = (Topics(own.base, "+") if all_meters else own).telegram
    status = own.status("reader")
    try:
        with BrokerVisit(mqtt, meter, service) as broker:
            heard = broker.hear([telegram, status], _TELEGRAM_S, lambda heard: _is_over(heard, status))
    except RefusedVisitError:
        return
    if heard.keys() - {status}:
        yield ok("telegrams", "they arrive")
        yield from _clock(heard.get(own.telegram, b""))
    else:
        said = heard.get(status, b"").decode(errors="replace")
        yield warning("telegrams", *_why_none(said, own.telegram, mqtt.host))


def _clock(telegram: bytes) -> Iterator[Check]:
    """Tell whether the clocks of meter and machine differ, by the lag that the reader wrote into a live telegram."""
    try:
        reading = parse(telegram)
    except PayloadError:
        return
    check = judge_lag(reading.lag_s, remedies().set_clock)
    if check.level != OK and not reading.recorded:
        yield check


def reader_status(config: Config, service: str) -> str:
    """Ask the broker for what the reader says of itself; empty if there is no answer."""
    mqtt, meter = config.section(MqttSettings), config.section(MeterSettings)
    topic = Topics(mqtt.base_topic, meter.name).status("reader")
    try:
        with BrokerVisit(mqtt, meter, service) as broker:
            return broker.hear([topic], _VERSION_S, bool).get(topic, b"").decode(errors="replace")
    except RefusedVisitError:
        return ""


def _rights(broker: BrokerVisit, service: str, host: str) -> Check:
    topic = broker.topics.of(f"{service}/check")
    refusal = broker.refusal(topic)
    if not refusal:
        return ok("rights on the broker", "this login may write the topics of its service")
    mend = remedies().grant(f"write and read {broker.topics.of('#')}", host)
    return problem("rights on the broker", f"this login may not write {topic}: {refusal}", mend)


def _is_over(heard: Heard, status: str) -> bool:
    """Tell whether it is known enough: a telegram came, or the reader says that none comes."""
    return bool(heard.keys() - {status}) or heard.get(status, b"").decode(errors="replace") in {OFFLINE, STALE}


def _why_none(status: str, topic: str, host: str) -> tuple[str, str]:
    if status == OFFLINE:
        return "none comes: the reader does not run", _start_reader(remedies())
    if status == STALE:
        return "none comes: the reader runs, and hears no valid telegram", "look at the reader's own lines here, and at its log"
    here = remedies()
    mend = here.grant(f"read {topic}", host)
    if status == ONLINE:
        found = "none came, though the reader is online: it hangs, or this login may not read them"
        return found, f"{_restart_reader(here)}; if that does not help: {mend}"
    return "none came: the reader is silent, or this login may not read them", f"{_start_reader(here)}; if it runs: {mend}"


def _start_reader(here: Remedies) -> str:
    commands = {
        Place.CONTAINER: "docker compose up -d reader",
        Place.SYSTEM: "sudo systemctl start smartmeter@reader",
        Place.CHECKOUT: "start the reader: .venv/bin/python -m reader",
    }
    return commands[here.place]


def _restart_reader(here: Remedies) -> str:
    commands = {
        Place.CONTAINER: "docker compose restart reader",
        Place.SYSTEM: "sudo systemctl restart smartmeter@reader",
        Place.CHECKOUT: "end the reader and start it anew",
    }
    return commands[here.place]


def _mend(kind: str, mqtt: MqttSettings) -> str:
    here = remedies()
    mends = {
        trouble.ABSENT: here.start_broker(mqtt.host),
        trouble.UNKNOWN_HOST: "correct [mqtt] host",
        trouble.NO_BROKER: f"end the program that has this port (sudo ss -ltnp 'sport = :{mqtt.port}'), or correct [mqtt] port",
        trouble.NO_TLS: "set [mqtt] port to the broker's TLS port (8883), or [mqtt] tls = no",
        trouble.WANTS_TLS: "set [mqtt] tls = yes, and [mqtt] ca_file",
        trouble.EXPIRED: "make certificates, on the machine of the broker",
        trouble.TOO_EARLY: f"{here.set_clock}; if the clock is right: make certificates, on the machine of the broker",
        trouble.OTHER_HOST: f"set [mqtt] host to the name in the certificate; or make certificates HOST={mqtt.host}",
        trouble.UNKNOWN_CA: "set [mqtt] ca_file to the ca.crt that `make certificates` wrote",
        trouble.LOGIN: here.mend_login(mqtt.host),
        trouble.OLD_BROKER: "use a broker with MQTT 5, as Mosquitto 2",
    }
    return mends.get(kind, "look at the log of the broker")
