"""`common.settings` and `common.sections`: one file, the environment, and every problem at once."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.sections import (
    COMMON_SECTIONS,
    KNOWN,
    CsvSettings,
    HomeAssistantSettings,
    InfluxSettings,
    LoadSettings,
    LoggingSettings,
    MeterSettings,
    MqttSettings,
    PeakSettings,
    RelaySettings,
    SerialSettings,
    TariffSettings,
)
from common.settings import Config, Section, SettingsError, parse

ALL = (*KNOWN.plain.values(), *KNOWN.named.values())

# The table of the contract, section 4, written by hand: what a service gets when the file says nothing.
DEFAULTS: dict[type[Section], dict[str, object]] = {
    MeterSettings: {
        "name": "home",
        "dialect": "auto",
        "timezone": "Europe/Brussels",
        "stale_after": None,
        "require_checksum": None,
    },
    SerialSettings: {
        "port": "/dev/ttyUSB0",
        "baudrate": 115200,
        "bytesize": 8,
        "parity": "n",
        "stopbits": 1,
        "decryption_key": b"",
        "authentication_key": bytes.fromhex("00112233445566778899AABBCCDDEEFF"),
    },
    MqttSettings: {
        "host": "127.0.0.1",
        "port": 1883,
        "username": "",
        "password": "",
        "tls": False,
        "ca_file": None,
        "client_id": "",
        "session_expiry": 7 * 24 * 3600,
        "base_topic": "smartmeter",
        "field_interval": 1.0,
        "field_refresh": 60.0,
        "backfill_window": None,
        "publish_raw": False,
        "health_interval": 10.0,
    },
    HomeAssistantSettings: {"discovery": True, "prefix": "homeassistant"},
    InfluxSettings: {
        "enabled": False,
        "url": "",
        "token": "",
        "org": "",
        "bucket": "smartmeter",
        "verify_ssl": True,
        "timeout": 10000,
        "upload_interval": 10.0,
        "queue_file": PurePath("/etc/smartmeter/data/influx-queue.db"),
        "queue_max_mb": 500,
        "backlog_mb_per_5min": 4,
        "meters": "own",
        "meter_tag": False,
        "shared_group": "",
        "instance": "",
    },
    CsvSettings: {
        "enabled": True,
        "file_path": PurePath("/etc/smartmeter/data"),
        "file_prefix": "smartmeter_",
        "write_header": True,
        "write_every": 10,
        "max_lines": 0,
        "max_age": 86400.0,
        "compress": True,
        "keep_days": 0,
        "min_free_mb": 200,
    },
    LoadSettings: {
        "enabled": True,
        "driver": "none",
        "pin": None,
        "active_low": False,
        "command_topic": "",
        "on_payload": "ON",
        "off_payload": "OFF",
        "lease": 0.0,
        "state_topic": "",
        "state_key": "",
        "state_on": "",
        "state_off": "",
        "on_when": "",
        "on_delay": 60.0,
        "off_when": "",
        "off_delay": 120.0,
        "min_on": 300.0,
        "min_off": 300.0,
        "between": "",
        "days": "",
        "max_starts_per_day": 0,
        "max_on_per_day": 0.0,
        "min_on_per_day": 0.0,
        "by": "",
        "power": None,
        "priority": 1,
        "on_stale": "off",
        "manual_timeout": 3600.0,
        "shadow": False,
    },
    RelaySettings: {"settle": 10.0, "state_file": PurePath("/etc/smartmeter/data/relay-state.json")},
    PeakSettings: {"limit": None, "margin": 150.0},
    TariffSettings: {"consumption_day": None, "consumption_night": None, "injection": None, "capacity": None},
    LoggingSettings: {"loglevel": "info"},
}

SECRET_FILES = {
    "/run/secrets/key": "000102030405060708090A0B0C0D0E0F\n",
    "/run/secrets/token": "t0ken\n",
    "/run/secrets/two": "line\nline\n",
}


def _read_secret(name: str) -> str:
    if name == "/run/secrets/binary":
        return b"\xff".decode()
    if name not in SECRET_FILES:
        raise FileNotFoundError(2, "No such file or directory", name)
    return SECRET_FILES[name]


def _parsed(text: str, environment: Mapping[str, str] | None = None) -> Config:
    return parse(
        text,
        known=KNOWN,
        wanted=ALL,
        environment=environment or {},
        folder=PurePath("/etc/smartmeter"),
        read_secret=_read_secret,
    )


def _problems(text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        _parsed(text, environment)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def _values(section: Section) -> dict[str, object]:
    return {one.name: getattr(section, one.name) for one in fields(section)}


@pytest.mark.parametrize("kind", DEFAULTS)
def test_the_defaults_are_those_of_the_contract(kind: type[Section]) -> None:
    """Every key with its value; relative paths start at the folder of the file."""
    config = _parsed("[load:boiler]\n")
    section: Section = config.loads["boiler"] if kind is LoadSettings else config.section(kind)
    assert _values(section) == DEFAULTS[kind]


def test_the_contract_has_every_section() -> None:
    """None more, none less."""
    assert set(DEFAULTS) == set(ALL)
    assert set(COMMON_SECTIONS) == {MeterSettings, MqttSettings, LoggingSettings}


def test_a_key_that_is_there_and_empty_is_a_key_that_is_not_there() -> None:
    """Where it may be empty, as in the sample file."""
    keys = "[serial]\ndecryption_key =\nauthentication_key =\n"
    empty = "pin =\ncommand_topic =\nstate_topic =\non_when =\noff_when =\npower =\n"
    config = _parsed(f"{keys}[mqtt]\nusername =\npassword =\nca_file =\nclient_id =\n[load:boiler]\n{empty}[peak]\nlimit =\n")
    assert _values(config.loads["boiler"]) == DEFAULTS[LoadSettings]
    assert _values(config.section(MqttSettings)) == DEFAULTS[MqttSettings]
    assert _values(config.section(SerialSettings)) == DEFAULTS[SerialSettings]


@pytest.mark.parametrize(
    ("section", "key", "text", "value"),
    [
        ("peak", "limit", "", None),
        ("peak", "limit", "Follow", "follow"),
        ("peak", "limit", "2.5", 2.5),
        ("tariff", "injection", "-0.02", -0.02),
        ("tariff", "capacity", "50.123456", 50.123456),
        ("tariff", "consumption_day", "", None),
        ("meter", "name", "attic_2-b", "attic_2-b"),
        ("meter", "dialect", "Dutch", "dutch"),
        ("meter", "timezone", "Europe/Helsinki", "Europe/Helsinki"),
        ("meter", "stale_after", "auto", None),
        ("meter", "stale_after", "2.5", 2.5),
        ("meter", "require_checksum", "Auto", None),
        ("meter", "require_checksum", "yes", True),
        ("meter", "require_checksum", "No", False),
        ("serial", "decryption_key", "000102030405060708090a0b0C0D0E0F", bytes(range(16))),
        ("serial", "authentication_key", "000102030405060708090A0B0C0D0E0F", bytes(range(16))),
        ("serial", "port", "/dev/serial/by-id/usb-FTDI_x", "/dev/serial/by-id/usb-FTDI_x"),
        ("serial", "port", "socket://meter.lan:2000", "socket://meter.lan:2000"),
        ("serial", "port", "rfc2217://10.0.0.1:65535", "rfc2217://10.0.0.1:65535"),
        ("serial", "parity", "E", "e"),
        ("mqtt", "tls", "TRUE", True),
        ("mqtt", "tls", "off", False),
        ("mqtt", "ca_file", "ca.pem", PurePath("/etc/smartmeter/ca.pem")),
        ("mqtt", "ca_file", "/ca.pem", PurePath("/ca.pem")),
        ("mqtt", "base_topic", "house/energy", "house/energy"),
        ("mqtt", "password", "100% = #;x", "100% = #;x"),
        ("mqtt", "field_interval", "0", 0.0),
        ("csv", "file_path", "/data", PurePath("/data")),
        ("csv", "file_path", "../csv", PurePath("/etc/smartmeter/../csv")),
        ("load:boiler", "command_topic", "zigbee2mqtt/Plug in the attic/set", "zigbee2mqtt/Plug in the attic/set"),
        ("load:boiler", "state_topic", "/old/device/", "/old/device/"),
        ("load:boiler", "on_when", "surplus > 1500 W and l1_voltage <= 250 V", "surplus > 1500 W and l1_voltage <= 250 V"),
        ("load:boiler", "pin", "0", 0),
        ("load:boiler", "power", "2000", 2000.0),
    ],
)  # fmt: skip
def test_a_value_is_read_from_the_file_and_from_the_environment(section: str, key: str, text: str, value: object) -> None:
    """In the same way; the environment wins."""
    variable = f"SMARTMETER_{section}_{key}".upper().replace(":", "_")
    for config in (_parsed(f"[{section}]\n{key} = {text}\n"), _parsed(f"[{section}]\n{key} = x\n", {variable: text})):
        parsed = config.loads["boiler"] if section == "load:boiler" else config.section(KNOWN.plain[section])
        assert getattr(parsed, key) == value


@pytest.mark.parametrize(
    ("section", "key", "text", "wanted"),
    [
        ("meter", "name", "a b", "a name of letters, digits, _ and -"),
        ("meter", "name", "", "a name of letters, digits, _ and -"),
        ("meter", "name", "a/b", "a name of letters, digits, _ and -"),
        ("meter", "name", "é", "a name of letters, digits, _ and -"),
        ("meter", "dialect", "german", "auto, belgian, dutch or lithuanian"),
        ("meter", "timezone", "Europe/Atlantis", "a time zone such as Europe/Brussels"),
        ("meter", "timezone", "Europe", "a time zone such as Europe/Brussels"),
        ("meter", "timezone", "/etc/passwd", "a time zone such as Europe/Brussels"),
        ("meter", "timezone", "../Europe/Brussels", "a time zone such as Europe/Brussels"),
        ("meter", "timezone", "", "a time zone such as Europe/Brussels"),
        ("meter", "stale_after", "soon", "seconds or auto"),
        ("meter", "stale_after", "0", "seconds or auto"),
        ("meter", "require_checksum", "maybe", "auto, yes or no"),
        ("meter", "require_checksum", "", "auto, yes or no"),
        ("serial", "port", "", "a serial port"),
        ("serial", "port", "socket://host", "socket://host:port or rfc2217://host:port"),
        ("serial", "port", "socket://host:0", "socket://host:port or rfc2217://host:port"),
        ("serial", "port", "socket://host:99999", "socket://host:port or rfc2217://host:port"),
        ("serial", "port", "loop://", "socket://host:port or rfc2217://host:port"),
        ("serial", "baudrate", "9600.5", "a speed in baud from 300 to 4000000"),
        ("serial", "bytesize", "9", "data bits from 7 to 8"),
        ("serial", "parity", "M", "N, E or O"),
        ("serial", "stopbits", "1.5", "stop bits from 1 to 2"),
        ("mqtt", "host", "", "a host"),
        ("mqtt", "port", "0", "a port from 1 to 65535"),
        ("mqtt", "port", "65536", "a port from 1 to 65535"),
        ("mqtt", "port", 400 * "1", "a port from 1 to 65535"),
        ("mqtt", "port", "-1", "a port from 1 to 65535"),
        ("mqtt", "port", "٣", "a port from 1 to 65535"),
        ("mqtt", "tls", "maybe", "yes or no"),
        ("mqtt", "tls", "", "yes or no"),
        ("mqtt", "base_topic", "a/+/b", "a topic without wildcards and blanks"),
        ("mqtt", "base_topic", "a/", "a topic without wildcards and blanks"),
        ("mqtt", "base_topic", "$SYS", "a topic without wildcards and blanks"),
        ("mqtt", "base_topic", "", "a topic without wildcards and blanks"),
        ("mqtt", "field_refresh", "0", "more than 0 seconds"),
        ("mqtt", "health_interval", "1e3", "seconds"),
        ("mqtt", "health_interval", "nan", "seconds"),
        ("mqtt", "health_interval", "inf", "seconds"),
        ("mqtt", "health_interval", "-5", "seconds"),
        ("mqtt", "session_expiry", "7 days", "seconds from 0 to 4294967294"),
        ("influx", "bucket", "", "a text"),
        ("influx", "queue_file", "", "a path"),
        ("influx", "meters", "a/b", "own, all, or names of meters, in which * and ? may stand"),
        ("csv", "file_prefix", "a/b", "a name of letters, digits, _ and -"),
        ("csv", "max_lines", "many", "lines from 0 to 1000000000"),
        ("load:boiler", "min_on", "5 min", "seconds"),
        ("load:boiler", "driver", "relay", "gpio, mqtt or none"),
        ("load:boiler", "pin", "28", "a BCM pin number from 0 to 27"),
        ("load:boiler", "power", "2 kW", "a power in W, as a number"),
        ("load:boiler", "command_topic", "a/#", "a topic without wildcards"),
        ("load:boiler", "on_stale", "keep", "off, on or hold"),
        ("load:boiler", "manual_timeout", "0", "more than 0 seconds"),
        ("load:boiler", "max_starts_per_day", "-1", "a number from 0 to 10000"),
        ("load:boiler", "lease", "90 s", "seconds"),
        ("peak", "limit", "2.5 kW", "kW, as a number, or follow"),
        ("peak", "limit", "auto", "kW, as a number, or follow"),
        ("peak", "limit", "-1", "kW, as a number, or follow"),
        ("tariff", "injection", "0,05", "a price in EUR, as a number"),
        ("tariff", "capacity", "nan", "a price in EUR, as a number"),
        ("logging", "loglevel", "loud", "debug, info, warning or error"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_place_and_what_was_wanted(section: str, key: str, text: str, wanted: str) -> None:
    """In the file with section and key, in the environment with the variable; never replaced."""
    variable = f"SMARTMETER_{section}_{key}".upper().replace(":", "_")
    assert _problems(f"[{section}]\n{key} = {text}\n") == [f'config.ini: [{section}] {key}: expected {wanted}, got "{text}"']
    assert _problems(f"[{section}]\n", {variable: text}) == [f'{variable}: expected {wanted}, got "{text}"']


def test_every_problem_is_told_at_once() -> None:
    """Syntax, unknown names and values, of the file and of the environment, one line each."""
    text = """\
name = too early
# comment
[meter]
name = a b
nmae = home
dialect
dialect: dutch
    timezone = Nowhere
[mqtt]
port = 1883
; comment
port = 1884
= 5
tls = perhaps
[mqtt]
host = 127.0.0.1
[influks]
url = x
[load:Boiler]
pin = 1
[load:pump]
min_on = 5 min
[load:]
[load]
[DEFAULT]
"""
    environment = {
        "SMARTMETER_MQTT_PROT": "1", "SMARTMETER_LOAD_PUMP_PIN": "99", "SMARTMETER_LOAD_BOILER_PIN": "1",
        "SMARTMETER_INFLUX_TOKEN_FILE": "/nowhere", "SMARTMETER_MQTT_PASSWORD_FILE": "/run/secrets/binary", "HOME": "/",
    }  # fmt: skip
    assert _problems(text, environment) == [
        "config.ini: line 1: expected a [section] first",
        "config.ini: line 6: expected key = value",
        "config.ini: line 7: expected key = value",
        "config.ini: line 12: [mqtt] port is there twice",
        "config.ini: line 13: expected key = value",
        "config.ini: line 15: [mqtt] is there twice",
        "config.ini: [meter] nmae: unknown key, did you mean name?",
        "config.ini: [influks]: unknown section, did you mean influx?",
        "config.ini: [load:Boiler]: unknown section: the name of a load may have a-z, 0-9, _ and - only",
        "config.ini: [load:]: unknown section: the name of a load may have a-z, 0-9, _ and - only",
        "config.ini: [load]: unknown section, did you mean load:NAME?",
        "config.ini: [DEFAULT]: unknown section",
        "SMARTMETER_INFLUX_TOKEN_FILE: cannot read /nowhere: No such file or directory",
        "SMARTMETER_LOAD_BOILER_PIN: unknown variable, did you mean SMARTMETER_LOAD_PUMP_PIN?",
        "SMARTMETER_MQTT_PASSWORD_FILE: /run/secrets/binary is not UTF-8 text",
        "SMARTMETER_MQTT_PROT: unknown variable, did you mean SMARTMETER_MQTT_PORT?",
        'config.ini: [meter] name: expected a name of letters, digits, _ and -, got "a b"',
        'config.ini: [meter] timezone: expected a time zone such as Europe/Brussels, got "Nowhere"',
        'config.ini: [mqtt] tls: expected yes or no, got "perhaps"',
        'SMARTMETER_LOAD_PUMP_PIN: expected a BCM pin number from 0 to 27, got "99"',
        'config.ini: [load:pump] min_on: expected seconds, got "5 min"',
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Load:aux", ", did you mean load:aux?"),
        ("LOAD:Aux", ", did you mean load:aux?"),
        ("MQTT", ", did you mean mqtt?"),
        ("Load:a b", ""),
        ("load:Aux", ": the name of a load may have a-z, 0-9, _ and - only"),
    ],
)
def test_a_section_in_capitals_is_told_the_name_that_it_has(name: str, hint: str) -> None:
    """Where the rest of its name may be one."""
    assert _problems(f"[{name}]\n") == [f"config.ini: [{name}]: unknown section{hint}"]


def test_only_the_wanted_sections_have_their_values_checked() -> None:
    """A service does not stop for another one's settings, but names are checked in the whole file."""
    text = "[influx]\ntimeout = never\n[csv]\nmax_line = 5\n"
    with pytest.raises(SettingsError, match=r"^config.ini: \[csv\] max_line: unknown key, did you mean max_lines\?$"):
        parse(text, known=KNOWN, wanted=(CsvSettings,), environment={}, folder=PurePath(), read_secret=_read_secret)


def test_a_file_of_today_has_no_warnings() -> None:
    """Only old keys have (`tests/test_old_keys.py`), and in a wrong file, too."""
    assert _parsed("[serial]\nbaudrate = 9600\n[load:aux]\npower = 1\n").warnings == ()
    with pytest.raises(SettingsError) as caught:
        _parsed("[serial]\nspeed = 9600\nparity = x\n")
    assert caught.value.config is not None
    assert len(caught.value.config.warnings) == 1


@pytest.mark.parametrize("key", ["decryption_key", "authentication_key"])
@pytest.mark.parametrize("text", ["c0ffee", 31 * "a", 33 * "a", 32 * "g", 16 * "a ", "0x" + 30 * "a", f'"{32 * "a"}"'])
def test_a_key_that_is_none_is_told_but_not_shown(key: str, text: str) -> None:
    """It is a secret, even when it is wrong."""
    assert _problems(f"[serial]\n{key} = {text}\n") == [f"config.ini: [serial] {key}: expected 32 hex digits"]


@pytest.mark.parametrize("key", ["decryption_key", "authentication_key"])
def test_a_key_comes_from_a_file_too(key: str) -> None:
    """As other secrets do."""
    serial = _parsed("", {f"SMARTMETER_SERIAL_{key.upper()}_FILE": "/run/secrets/key"}).section(SerialSettings)
    assert getattr(serial, key) == bytes(range(16))


SECRETS = ("MQTT_USERNAME", "MQTT_PASSWORD", "INFLUX_TOKEN")


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_comes_from_a_file_too(secret: str) -> None:
    """Without the line end behind it; what is inside stays."""
    section, key = secret.lower().split("_")
    for name, value in (("token", "t0ken"), ("two", "line\nline")):
        config = _parsed(f"[{section}]\n{key} = from file\n", {f"SMARTMETER_{secret}_FILE": f"/run/secrets/{name}"})
        assert getattr(config.section(KNOWN.plain[section]), key) == value


def test_an_exact_key_wins_over_the_file_of_a_secret() -> None:
    """The file is not even read; and `queue_file` is a key of its own."""
    environment = {"SMARTMETER_INFLUX_TOKEN": "exact", "SMARTMETER_INFLUX_TOKEN_FILE": "/nowhere"}
    environment["SMARTMETER_INFLUX_QUEUE_FILE"] = "queue.db"
    influx = _parsed("", environment).section(InfluxSettings)
    assert (influx.token, influx.queue_file) == ("exact", PurePath("/etc/smartmeter/queue.db"))


def test_an_exact_key_without_a_value_leaves_it_to_the_file_of_the_secret() -> None:
    """That is how docker-compose.yml takes a secret away from a service that has another."""
    environment = {"SMARTMETER_INFLUX_TOKEN": "", "SMARTMETER_INFLUX_TOKEN_FILE": "/token"}
    settings = parse(
        "[influx]\ntoken = of the file\n",
        known=KNOWN,
        wanted=[InfluxSettings],
        environment=environment,
        folder=PurePath(),
        read_secret=lambda name: f"from {name}",
    )
    assert {settings.section(InfluxSettings).token} == {"from /token"}


def test_what_is_no_secret_has_no_file() -> None:
    """The nearest name helps."""
    assert _problems("", {"SMARTMETER_MQTT_HOST_FILE": "/x"}) == [
        "SMARTMETER_MQTT_HOST_FILE: unknown variable, did you mean SMARTMETER_MQTT_HOST?",
    ]


def test_a_load_with_a_hyphen_has_its_variables() -> None:
    """Hyphens become underscores."""
    assert _parsed("[load:heat-pump]\n", {"SMARTMETER_LOAD_HEAT_PUMP_PIN": "4"}).loads["heat-pump"].pin == 4


def test_loads_come_in_the_order_of_the_file() -> None:
    """With all their names."""
    assert list(_parsed("[load:b]\n[load:a_1]\n[csv]\n[load:0-9]\n").loads) == ["b", "a_1", "0-9"]


@pytest.mark.parametrize(
    "text",
    [
        "[mqtt]\npassword hunter2\n",
        "[mqtt]\npassword: hunter2\n",
        "[influx]\ntoken: hunter2==\n",
        "password = hunter2\n",
        "[mqtt]\npassword = hunter2\npassword = hunter2\n",
        "[mqtt]\nport = x\n  password = hunter2\n",
        "[mqtt]\nport = x\n\tpassword: hunter2\n",
        "[mqtt]\npasswort = hunter2\n",
        "[mqqt]\npassword = hunter2\n",
    ],
)
def test_a_password_is_never_told(text: str) -> None:
    """Not even where the file is wrong at its very place."""
    assert "hunter2" not in "\n".join(_problems(text))


def test_lines_stand_for_themselves() -> None:
    """Indented ones, Windows line ends, blanks around everything, capitals in a key; no interpolation."""
    config = _parsed(
        "  [ mqtt ]\r\n   HOST=broker.lan\r\n\r\n\tPort =  1884 \r\n#port = 1\r\n;x\r\n password = %(host)s ${HOME}\r\n"
    )
    mqtt = config.section(MqttSettings)
    assert (mqtt.host, mqtt.port, mqtt.password) == ("broker.lan", 1884, "%(host)s ${HOME}")


def test_a_value_with_a_line_end_makes_one_line_of_the_message() -> None:
    """Variables may have any text."""
    assert _problems("", {"SMARTMETER_MQTT_PORT": " 18\n83 "}) == [
        'SMARTMETER_MQTT_PORT: expected a port from 1 to 65535, got "18 83"',
    ]


@given(st.text(st.sampled_from("[]=#; \n\tabmqttloadxport:1é\0"), max_size=120))
def test_any_text_gives_settings_or_problems_of_one_line_each(text: str) -> None:
    """Nothing else is ever raised."""
    problems: tuple[str, ...] = ("none",)
    try:
        _parsed(text)
    except SettingsError as error:
        problems = error.problems
    assert problems
    assert not any("\n" in problem for problem in problems)
