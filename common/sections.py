"""Every section of the INI file and every key in it: type, default and meaning (contract, section 4).

One file serves all services; each asks for the sections that it uses.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from common.settings import Known, key
from common.values import (
    auto_seconds,
    auto_yes_no,
    choice,
    filled,
    foreign_topic,
    host,
    key_128_bits,
    meters,
    optional,
    path,
    peak_limit,
    positive_seconds,
    price,
    seconds,
    serial_port,
    slug,
    text,
    topic,
    watts,
    whole,
    yes_no,
    zone,
)

_MANY = 1_000_000_000
_LUXEMBOURG_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")  # Luxmetering's P1 specification 1.1.3, chapter 3.2.5


@dataclass(frozen=True, slots=True)
class MeterSettings:
    """[meter]."""

    SECTION: ClassVar[str] = "meter"
    name: str = key(slug, "home", "name of the meter, the second level of its topics")
    dialect: str = key(choice("auto", "belgian", "dutch", "lithuanian"), "auto", "what the meter is, should auto be wrong")
    timezone: str = key(zone, "Europe/Brussels", "zone of the meter's clock (Finland: Europe/Helsinki)")
    stale_after: float | None = key(auto_seconds, None, "seconds without a valid telegram until the meter counts as silent")
    require_checksum: bool | None = key(auto_yes_no, None, "reject telegrams without checksum (auto: if such meters have one)")


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """[serial]."""

    SECTION: ClassVar[str] = "serial"
    port: str = key(serial_port, "/dev/ttyUSB0", "serial port of the P1 cable, or socket://host:port, or rfc2217://host:port")
    baudrate: int = key(whole(300, 4_000_000, "a speed in baud"), 115_200, "speed in baud (DSMR 2 and 3: 9600)")
    bytesize: int = key(whole(7, 8, "data bits"), 8, "data bits (DSMR 2 and 3: 7)")
    parity: str = key(choice("N", "E", "O"), "n", "parity: N, E or O (DSMR 2 and 3: E)")
    stopbits: int = key(whole(1, 2, "stop bits"), 1, "stop bits")
    decryption_key: bytes = key(
        optional(key_128_bits, b""), b"", "key of the meter, 32 hex digits (empty: not encrypted)", secret=True
    )
    authentication_key: bytes = key(
        optional(key_128_bits, _LUXEMBOURG_KEY), _LUXEMBOURG_KEY, "its second key (empty: Luxembourg's)", secret=True
    )


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """[mqtt]."""

    SECTION: ClassVar[str] = "mqtt"
    host: str = key(host, "127.0.0.1", "host of the broker")
    port: int = key(whole(1, 65_535, "a port"), 1883, "port of the broker")
    username: str = key(text, "", "user name, if the broker wants one", secret=True)
    password: str = key(text, "", "password", secret=True)
    tls: bool = key(yes_no, default=False, meaning="speak TLS with the broker")
    ca_file: PurePath | None = key(optional(path), None, "certificate authority of the broker, if it is not a public one")
    client_id: str = key(text, "", "client id, followed by -SERVICE (empty: BASE-METER)")
    session_expiry: int = key(
        whole(0, 4_294_967_294, "seconds"), 604_800, "seconds that messages are kept for a service that is away"
    )
    base_topic: str = key(topic, "smartmeter", "first level of all topics")
    field_interval: float = key(seconds, 1.0, "a field's topic is published at most once per that many seconds")
    field_refresh: float = key(positive_seconds, 60.0, "and at least once per that many seconds")
    backfill_window: float | None = key(auto_seconds, None, "seconds of telegrams that are sent again after a reconnection")
    publish_raw: bool = key(yes_no, default=False, meaning="publish the bytes of each telegram on raw")
    health_interval: float = key(positive_seconds, 10.0, "seconds between two messages on health")


@dataclass(frozen=True, slots=True)
class HomeAssistantSettings:
    """[homeassistant]."""

    SECTION: ClassVar[str] = "homeassistant"
    discovery: bool = key(yes_no, default=True, meaning="announce the meter and the loads to Home Assistant")
    prefix: str = key(topic, "homeassistant", "first level of Home Assistant's discovery topics")


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """[influx]."""

    SECTION: ClassVar[str] = "influx"
    enabled: bool = key(yes_no, default=False, meaning="write to InfluxDB")
    url: str = key(text, "", "address of InfluxDB, as http://127.0.0.1:8086")
    token: str = key(text, "", "token that may write to the bucket", secret=True)
    org: str = key(text, "", "organisation")
    bucket: str = key(filled, "smartmeter", "bucket")
    verify_ssl: bool = key(yes_no, default=True, meaning="check the server's certificate")
    timeout: int = key(whole(100, 600_000, "milliseconds"), 10_000, "milliseconds that a request may take")
    upload_interval: float = key(positive_seconds, 10.0, "seconds between two uploads")
    queue_file: PurePath = key(path, PurePath("data/influx-queue.db"), "file that keeps points until they are written")
    queue_max_mb: int = key(whole(1, 1_000_000, "megabytes"), 500, "size of that file at most; then the oldest points go")
    backlog_mb_per_5min: int = key(whole(0, 1_000_000, "megabytes"), 4, "megabytes of backlog in 5 minutes (0: no limit)")
    meters: str = key(meters, "own", "whose telegrams are written: own, all, or names of meters, as house-1* house-27")
    meter_tag: bool = key(yes_no, default=False, meaning="add the tag meter=NAME to each point")
    shared_group: str = key(optional(slug, ""), "", "group of bridges that share the work, by the broker (empty: none)")
    instance: str = key(optional(slug, ""), "", "name of one bridge of several (empty: in a group they count themselves)")


@dataclass(frozen=True, slots=True)
class CsvSettings:
    """[csv]."""

    SECTION: ClassVar[str] = "csv"
    enabled: bool = key(yes_no, default=True, meaning="write CSV files")
    file_path: PurePath = key(path, PurePath("data"), "folder of the CSV files")
    file_prefix: str = key(slug, "smartmeter_", "first part of their names")
    write_header: bool = key(yes_no, default=True, meaning="begin each file with the names of the columns")
    write_every: int = key(whole(1, 1_000_000, "telegrams"), 10, "write to the disk after that many telegrams")
    max_lines: int = key(whole(0, _MANY, "lines"), 0, "rows in a file (0: no limit)")
    max_age: float = key(seconds, 86_400.0, "seconds until a file is complete (0: no limit); midnight ends it too")
    compress: bool = key(yes_no, default=True, meaning="compress complete files with gzip")
    keep_days: int = key(whole(0, 100_000, "days"), 0, "days until a complete file is deleted (0: never)")
    min_free_mb: int = key(whole(0, 1_000_000, "megabytes"), 200, "space that stays free on the disk")


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """[load:NAME]."""

    SECTION: ClassVar[str] = "load"
    enabled: bool = key(yes_no, default=True, meaning="control this load")
    driver: str = key(choice("gpio", "mqtt", "none"), "none", "how it is switched: gpio, mqtt or none")
    pin: int | None = key(optional(whole(0, 27, "a BCM pin number")), None, "gpio: the pin, by its BCM number")
    active_low: bool = key(yes_no, default=False, meaning="gpio: the relay is on when the pin is low")
    command_topic: str = key(optional(foreign_topic, ""), "", "mqtt: topic on which the relay takes commands")
    on_payload: str = key(filled, "ON", "mqtt: the command that switches on")
    off_payload: str = key(filled, "OFF", "mqtt: the command that switches off")
    lease: float = key(seconds, 0.0, "mqtt: seconds after which the relay goes off by itself; on is renewed before (0: none)")
    state_topic: str = key(optional(foreign_topic, ""), "", "mqtt: topic on which the relay tells its state")
    state_key: str = key(text, "", "mqtt: key of the state, where state_topic carries JSON (empty: the whole text)")
    state_on: str = key(text, "", "mqtt: what the relay says when it is on (empty: on_payload)")
    state_off: str = key(text, "", "mqtt: what the relay says when it is off (empty: off_payload)")
    on_when: str = key(text, "", "condition that switches on, as surplus > 1500 W")
    on_delay: float = key(seconds, 60.0, "seconds that on_when must hold")
    off_when: str = key(text, "", "condition that switches off")
    off_delay: float = key(seconds, 120.0, "seconds that off_when must hold")
    min_on: float = key(seconds, 300.0, "seconds that it stays on at least")
    min_off: float = key(seconds, 300.0, "seconds that it stays off at least")
    between: str = key(text, "", "times of day at which the rules may have it on, as 09:00-17:00, 22:00-06:00")
    days: str = key(text, "", "days on which those times begin, as mon-fri, sun")
    max_starts_per_day: int = key(whole(0, 10_000, "a number"), 0, "how often the rules may switch it on (0: no limit)")
    max_on_per_day: float = key(seconds, 0.0, "seconds that the rules may have it on in a day (0: no limit)")
    min_on_per_day: float = key(seconds, 0.0, "seconds that it is on at least from one `by` to the next (0: none)")
    by: str = key(text, "", "time of day by which min_on_per_day is reached, as 06:00")
    power: float | None = key(optional(watts), None, "what it draws, in W")
    priority: int = key(whole(1, 1000, "a number"), 1, "1 is the last to be switched off")
    on_stale: str = key(choice("off", "on", "hold"), "off", "what it does without fresh telegrams: off, on or hold")
    manual_timeout: float = key(positive_seconds, 3600.0, "seconds until a person's choice ends")
    shadow: bool = key(yes_no, default=False, meaning="only tell what the rules would do")


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """[relay]."""

    SECTION: ClassVar[str] = "relay"
    settle: float = key(seconds, 10.0, "seconds between two automatic switches, over all loads")
    state_file: PurePath = key(path, PurePath("data/relay-state.json"), "file that keeps counters over a restart")


@dataclass(frozen=True, slots=True)
class PeakSettings:
    """[peak]."""

    SECTION: ClassVar[str] = "peak"
    limit: float | str | None = key(peak_limit, None, "quarter-hour peak in kW that loads may not break, or follow")
    margin: float = key(watts, 150.0, "W that are kept free below that limit")


@dataclass(frozen=True, slots=True)
class TariffSettings:
    """[tariff]: what replay reckons with."""

    SECTION: ClassVar[str] = "tariff"
    consumption_day: float | None = key(optional(price), None, "price of a kWh drawn in the day tariff, in EUR")
    consumption_night: float | None = key(optional(price), None, "price of a kWh drawn in the night tariff, in EUR")
    injection: float | None = key(optional(price), None, "what a kWh injected brings, in EUR")
    capacity: float | None = key(optional(price), None, "price of a kW of month peak for a year, in EUR")


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    """[logging]."""

    SECTION: ClassVar[str] = "logging"
    loglevel: str = key(choice("debug", "info", "warning", "error"), "info", "what is logged: debug, info, warning or error")


KNOWN = Known(
    plain={
        kind.SECTION: kind
        for kind in (
            MeterSettings,
            SerialSettings,
            MqttSettings,
            HomeAssistantSettings,
            InfluxSettings,
            CsvSettings,
            RelaySettings,
            PeakSettings,
            TariffSettings,
            LoggingSettings,
        )
    },
    named={"load": LoadSettings},
)

COMMON_SECTIONS = (MeterSettings, MqttSettings, LoggingSettings)
