"""Old config files: every key of the first smartmeter's sample keeps working or says what stands in its place."""

from dataclasses import fields
from itertools import product
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ini import read_ini
from common.old_keys import TABLE, translate
from common.old_quotes import unquoted
from common.sections import KNOWN, CsvSettings, InfluxSettings, LoadSettings, LoggingSettings, MqttSettings, SerialSettings
from common.settings import Config, Section, SettingsError, parse
from common.settings_file import load_config
from influx_bridge.settings import problems_of as influx_problems
from relay_controller.load import Pin
from relay_controller.settings import SECTIONS, plant_of, problems_of
from tests.support.processes import running
from tests.support.waiting import eventually, free_port

# Every section, key and value of `config.sample.ini` of the first smartmeter, without its comments.
SAMPLE = """\
[logging]
loglevel = debug
logpath = /path/to/logfiles
keep = 10
size = 10M
log_to_stdout = no
keepalive = yes

[serial]
port = /dev/serial0
baudrate = 115000
bytesize = 8
parity = N
stopbits = 1

[influx]
enabled = no
url = "https://127.0.0.1:8086"
token = my_token
org = myorg
bucket = smartmeter
verify_ssl = no
timeout = 10000
upload_interval = 300
ssl_ca_cert = /path/to/ca.pem

[csv]
enabled = no
file_prefix = smartmeter_data_
file_path = /data
write_header = yes
write_every = 10
max_lines = 100
max_age = 300

[load:aux]
enabled = no
max_power = 2300
switch_on = 75
switch_off = 10
hold_timer = 10

[load:garage]
enabled = yes
address = xx:xx:xx:xx:xx:xx
max_power = 2000
switch_on = 75
switch_off = 10
hold_timer = 10
"""
# A file as its older versions had them in their sample and their tests: old names, and quotes.
OLDER = """\
[logging]
loglevel = info
logfile = /var/log/meter.log
keep = 5
size = 1M
log_to_stdout = yes

[serial]
port = "/dev/ttyS0"
speed = "115000"
bytes = 8
parity = N
stopbits = 1

[influx]
enabled = yes
url = "http://10.0.0.5:8086"
token = "wordofthecellar"
org = "house"
bucket = "energy"
verify_ssl = no
timeout = 5000

[csv]
enabled = yes
file_prefix = "cellar_"
file_path = "/srv/readings"
"""
_LOG = "not used, because the log goes to stderr; write instead: nothing"
_CA = "nothing, and add the file with update-ca-certificates, or verify_ssl = no"
_PERCENTAGE = "a percentage, and now a condition; write instead:"
_AND = ", and on a line of its own "
_MQTT = f"driver = mqtt{_AND}command_topic = TOPIC"
WARNINGS = (
    f"[logging] logpath: {_LOG}",
    f"[logging] keep: {_LOG}",
    f"[logging] size: {_LOG}",
    f"[logging] log_to_stdout: {_LOG}",
    "[logging] keepalive: not used, and never was; write instead: nothing",
    "[serial] baudrate: 115000 is a slip of the old sample; write instead: baudrate = 115200",
    "[influx] url: quotes are not part of it; write instead: url = https://127.0.0.1:8086",
    f"[influx] ssl_ca_cert: not used, because the authorities that this machine trusts count; write instead: {_CA}",
    "[load:aux] max_power: an old name; write instead: power = 2300",
    f"[load:aux] switch_on: {_PERCENTAGE} on_when = surplus > 1725 W, together with off_when",
    f"[load:aux] switch_off: {_PERCENTAGE} off_when = surplus < 230 W, together with on_when",
    f"[load:aux] hold_timer: two keys now; write instead: min_on = 10{_AND}min_off = 10",
    f"[load:garage] address: a relay over Bluetooth never worked, so the load is not controlled; write instead: {_MQTT}",
    "[load:garage] max_power: an old name; write instead: power = 2000",
    f"[load:garage] switch_on: {_PERCENTAGE} on_when = surplus > 1500 W, together with off_when",
    f"[load:garage] switch_off: {_PERCENTAGE} off_when = surplus < 200 W, together with on_when",
    f"[load:garage] hold_timer: two keys now; write instead: min_on = 10{_AND}min_off = 10",
)
_QUOTES = "quotes are not part of it; write instead:"
OLDER_WARNINGS = (
    f"[logging] logfile: {_LOG}",
    f"[logging] keep: {_LOG}",
    f"[logging] size: {_LOG}",
    f"[logging] log_to_stdout: {_LOG}",
    f"[serial] port: {_QUOTES} port = /dev/ttyS0",
    "[serial] speed: an old name; write instead: baudrate = 115200",
    "[serial] bytes: an old name; write instead: bytesize = 8",
    f"[influx] url: {_QUOTES} url = http://10.0.0.5:8086",
    f"[influx] token: {_QUOTES} token without quotes",
    f"[influx] org: {_QUOTES} org = house",
    f"[influx] bucket: {_QUOTES} bucket = energy",
    f"[csv] file_prefix: {_QUOTES} file_prefix = cellar_",
    f"[csv] file_path: {_QUOTES} file_path = /srv/readings",
)
ALL = (*KNOWN.plain.values(), *KNOWN.named.values())
SERVICES: dict[str, tuple[type[Section], ...]] = {
    "reader": (SerialSettings,),
    "csv_logger": (CsvSettings,),
    "influx_bridge": (InfluxSettings,),
    "relay_controller": SECTIONS,
}


def _parsed(text: str, wanted: tuple[type[Section], ...] = ALL) -> Config:
    return parse(text, known=KNOWN, wanted=wanted, environment={}, folder=PurePath("/etc/smartmeter"), read_secret=str)


def _warnings(text: str) -> list[str]:
    return [warning.removeprefix("config.ini: ") for warning in _parsed(text).warnings]


def _read(text: str) -> Config:
    """Give also what could be read of a wrong file."""
    wrong = None
    try:
        return _parsed(text)
    except SettingsError as error:
        wrong = error.config
    assert wrong is not None
    return wrong


def _problems(text: str) -> list[str]:
    """Give what relay_controller finds wrong with a file, as it reads one."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "config.ini")
        file.write_text(text, encoding="utf-8")
        answer = load_config(str(file), ALL, problems_of)
        return [line.replace(f"{folder}/", "") for line in answer.problems] if isinstance(answer, SettingsError) else []


def _load(*lines: str, name: str = "aux") -> LoadSettings:
    text = "\n".join((f"[load:{name}]", *lines))
    assert not _problems(text)
    load = _parsed(text).loads[name]
    assert isinstance(load, LoadSettings)
    return load


@pytest.mark.parametrize(("text", "warnings"), [(SAMPLE, WARNINGS), (OLDER, OLDER_WARNINGS)], ids=["the sample", "older"])
@pytest.mark.parametrize("service", SERVICES)
def test_an_old_file_gives_each_service_settings_and_one_warning_per_old_key(
    service: str, text: str, warnings: tuple[str, ...], tmp_path: Path
) -> None:
    """In the order of the file; all services warn of the whole file, as they check its names."""
    file = tmp_path / "config.ini"
    file.write_text(text, encoding="utf-8")
    config = load_config(str(file), SERVICES[service], problems_of if service == "relay_controller" else lambda _: ())
    assert isinstance(config, Config)
    assert config.warnings == tuple(f"{file}: {warning}" for warning in warnings)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_with_the_old_sample_and_logs_the_warnings_once(service: str, tmp_path: Path) -> None:
    """For real; the port and the broker are not there, for which services wait."""
    file = tmp_path / "config.ini"
    file.write_text(f"{SAMPLE}[mqtt]\nport = {free_port()}\n", encoding="utf-8")
    with running([service, "-c", str(file)], tmp_path / "log", SMARTMETER_SERIAL_PORT=str(tmp_path / "no-port")) as process:
        process.wait_for_log("hold_timer")
        eventually(lambda: "broker" in process.log.rpartition("hold_timer")[2], what="that it goes on to the broker")
        assert process.stop() == 0
    logged = [line.partition(f"{file}: ")[2] for line in process.log.splitlines() if "write instead" in line]
    assert tuple(logged) == WARNINGS


def test_the_old_sample_means_what_it_meant() -> None:
    """Section by section."""
    config = _parsed(SAMPLE)
    assert config.section(LoggingSettings).loglevel == "debug"
    assert config.section(SerialSettings) == SerialSettings(port="/dev/serial0", baudrate=115_200)
    influx, csv = config.section(InfluxSettings), config.section(CsvSettings)
    assert (influx.url, influx.token, influx.org, influx.verify_ssl) == ("https://127.0.0.1:8086", "my_token", "myorg", False)
    assert (influx.timeout, influx.upload_interval) == (10_000, 300.0)
    assert (csv.file_prefix, csv.file_path, csv.max_lines, csv.max_age) == (
        "smartmeter_data_",
        PurePath("/data"),
        100,
        300.0,
    )
    assert config.loads["aux"] == LoadSettings(
        enabled=False, on_when="surplus > 1725 W", off_when="surplus < 230 W", min_on=10.0, min_off=10.0, power=2300.0
    )
    assert not plant_of(config).loads


def test_an_older_file_means_what_it_meant() -> None:
    """And InfluxDB can be written to with it."""
    config = _parsed(OLDER)
    assert config.section(SerialSettings) == SerialSettings(port="/dev/ttyS0", baudrate=115_200)
    influx, csv = config.section(InfluxSettings), config.section(CsvSettings)
    assert influx_problems(influx) == []
    assert (influx.url, influx.token) == ("http://10.0.0.5:8086", "wordofthecellar")
    assert (influx.org, influx.bucket, influx.enabled) == ("house", "energy", True)
    assert (csv.enabled, csv.file_prefix, csv.file_path) == (True, "cellar_", PurePath("/srv/readings"))
    assert not [warning for warning in config.warnings if "wordofthecellar" in warning]


def test_the_sample_has_every_key_of_the_table_but_older_names_and_those_of_influxdb_1() -> None:
    """So the test above misses none."""
    older = {"logfile", "speed", "bytes", "hostname", "port", "ssl", "database", "username", "password"}
    older |= {"enabled", "max_consume", "max_inject", "consume_time", "inject_time"}
    values, _ = read_ini(SAMPLE)
    there = {("load:NAME" if ":" in name else name, key) for name, given in values.items() for key in given}
    assert {row.key for row in TABLE if (row.section, row.key) not in there} == older


def test_influxdb_is_written_to_with_an_old_file() -> None:
    """Once it is enabled in it."""
    config = _parsed(SAMPLE.replace("[influx]\nenabled = no", "[influx]\nenabled = yes"))
    assert influx_problems(config.section(InfluxSettings)) == []


def test_the_relay_of_the_old_board_is_switched() -> None:
    """[load:aux] meant it, and where it is enabled it says so."""
    text = SAMPLE.replace("[load:aux]\nenabled = no", "[load:aux]\nenabled = yes")
    config = _parsed(text)
    assert not list(problems_of(config))
    assert [(load.name, load.relay) for load in plant_of(config).loads] == [("aux", Pin(24, active_low=False))]
    meant = "not there, so the relay of the old board is meant; write instead:"
    added = f"[load:aux] driver: {meant} driver = gpio{_AND}pin = 24"
    assert [line for line in _warnings(text) if line not in WARNINGS] == [added]


NAMELESS = """\
[load]
enabled = yes
max_consume = 500
max_inject = 1000
consume_time = 0
inject_time = 30
"""


@pytest.mark.parametrize("service", SERVICES)
def test_a_load_without_a_name_switches_nothing_and_says_what_to_write(service: str) -> None:
    """Each key once, by each service."""
    why = "a load needs a name, so nothing is switched; write instead: below [load:NAME],"
    assert not _problems(NAMELESS)
    config = _parsed(NAMELESS, SERVICES[service])
    assert not config.loads
    assert config.warnings == tuple(
        f"config.ini: [load] {key}: {why} {instead}"
        for key, instead in (
            ("enabled", "enabled = yes"),
            ("max_consume", "off_when = surplus < 500 W, together with on_when"),
            ("max_inject", "on_when = surplus > 1000 W, together with off_when"),
            ("consume_time", "off_delay = 0"),
            ("inject_time", "on_delay = 30"),
        )
    )


def test_who_gives_that_load_a_name_has_what_it_meant() -> None:
    """Word by word; off is where it draws 500 W, if itself it draws the 1000 W."""
    told = [warning.partition("[load:NAME], ")[2].partition(", together")[0] for warning in _warnings(NAMELESS)]
    load = LoadSettings(on_when="surplus > 1000 W", on_delay=30.0, off_when="surplus < 500 W", off_delay=0.0)
    assert _load(*told) == load


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("max_consume = 500", "off_when = surplus < MAX_INJECT - MAX_CONSUME W, together with on_when"),
        ("max_consume = lots", "off_when = surplus < MAX_INJECT - MAX_CONSUME W, together with on_when"),
        ("max_inject = 1 kW", "on_when = surplus > MAX_INJECT W, together with off_when"),
        ("consume_time = 1 min", "off_delay = CONSUME_TIME"),
        ('inject_time = "30"', "on_delay = 30"),
        ("enabled = maybe", "enabled = yes or no"),
    ],
)
def test_what_cannot_be_told_of_a_load_without_a_name_is_told_in_general(line: str, instead: str) -> None:
    """Nothing of it counts, so nothing of it is a problem."""
    assert not _problems(f"[load]\n{line}\n")
    why = "a load needs a name, so nothing is switched; write instead: below [load:NAME],"
    assert _warnings(f"[load]\n{line}\n") == [f"[load] {line.partition(' ')[0]}: {why} {instead}"]


@pytest.mark.parametrize("text", ["[load]\n", "[load]\nmax_inject = 1000\npin = 24\n", "[load]\nhold_timer = 10\n"])
def test_any_other_section_of_that_name_stays_a_problem(text: str) -> None:
    """What was never a load without a name is one that somebody forgot to name."""
    assert _problems(text) == ["config.ini: [load]: unknown section, did you mean load:NAME?"]


def test_who_writes_what_the_warnings_say_has_the_same_load_and_no_warning() -> None:
    """Word by word, each on a line of its own."""
    old = ["enabled = yes", "max_power = 2300", "switch_on = 75", "switch_off = 10", "hold_timer = 10"]
    told = [warning.partition("write instead: ")[2] for warning in _warnings("\n".join(("[load:aux]", *old)))]
    new = [line.partition(", together")[0] for advice in told for line in advice.split(_AND)]
    assert new == [
        *("power = 2300", "on_when = surplus > 1725 W", "off_when = surplus < 230 W"),
        *("min_on = 10", "min_off = 10", "driver = gpio", "pin = 24"),
    ]
    assert _load(*new) == _load(*old)
    assert not _warnings("\n".join(("[load:aux]", *new)))


@pytest.mark.parametrize(
    ("lines", "is_told"),
    [("driver = none\n", True), ("driver = none\nshadow = yes\n", False), ("driver = mqtt\ncommand_topic = x\n", False)],
)
def test_rules_that_have_nothing_to_switch_are_told_at_the_start(lines: str, *, is_told: bool, tmp_path: Path) -> None:
    """As where somebody wrote all that the warnings say but for the relay."""
    file = tmp_path / "config.ini"
    load = f"[load:aux]\nenabled = yes\npower = 2300\non_when = surplus > 1725 W\noff_when = surplus < 230 W\n{lines}"
    file.write_text(f"[mqtt]\nport = {free_port()}\n{load}", encoding="utf-8")
    with running(["relay_controller", "-c", str(file)], tmp_path / "log") as process:
        eventually(lambda: "broker" in process.log, what="that it goes on to the broker")
        assert process.stop() == 0
    warnings = [line.partition(" WARNING ")[2] for line in process.log.splitlines() if "nothing is switched; write" in line]
    mend = "write driver = gpio and, on a line of its own, pin = ..., or shadow = yes"
    assert warnings == [f"load aux: nothing is switched; {mend}"] * is_told


def test_a_pin_that_is_there_is_not_told_again() -> None:
    """Twice it would be a problem."""
    told = "[load:aux] driver: not there, so the relay of the old board is meant; write instead: driver = gpio"
    assert told in _warnings("[load:aux]\nenabled = yes\nmax_power = 1\npin = 17\n")


@pytest.mark.parametrize(
    ("name", "lines", "relay"),
    [
        pytest.param("aux", ["power = 2300"], ("none", None), id="no old file"),
        pytest.param("aux", ["enabled = yes"], ("none", None), id="no old key"),
        pytest.param("aux", ["max_power = 2300"], ("none", None), id="not said to be enabled"),
        pytest.param("aux", ["enabled = no", "max_power = 2300"], ("none", None), id="disabled"),
        pytest.param("aux", ["enabled = yes", "max_power = 1", "driver = none"], ("none", None), id="a driver"),
        pytest.param("boiler", ["enabled = yes", "max_power = 1"], ("none", None), id="another name"),
        pytest.param("aux", ["enabled = yes", "max_power = 1", "pin = 17"], ("gpio", 17), id="another pin"),
        pytest.param("aux", ["enabled = True", "hold_timer = 10"], ("gpio", 24), id="any old key"),
    ],
)
def test_no_pin_is_switched_that_an_old_file_did_not_mean(name: str, lines: list[str], relay: tuple[str, int | None]) -> None:
    """A name alone moves nothing."""
    load = _load(*lines, name=name)
    assert (load.driver, load.pin) == relay


@pytest.mark.parametrize(
    ("power", "on", "off", "on_above", "off_below"),
    [
        pytest.param("2300", "75", "10", "1725", "230", id="the sample"),
        pytest.param("2300", "75", "0", "1725", "0", id="until nothing is left"),
        pytest.param("2300", "100", "10", "2300", "230", id="injected, as switch_on counts it"),
        pytest.param("2300", "100", "99", "2300", "2070", id="apart from switch_on"),
        pytest.param("2300", "110", "0", "2530", "2300", id="injected at the meter"),
        pytest.param("2300", "150", "10", "3450", "2530", id="injected at the meter, and more"),
        pytest.param("2300", "100", "-20", "2300", "1840", id="drawn"),
        pytest.param("2300", "75", "-50", "1725", "1150", id="drawn, more of it"),
        pytest.param("2300", "75", "-20", "1725", "1495", id="drawn, apart from switch_on"),
        pytest.param("2300", "100", "-150", "2300", "-1150", id="drawn, more than the load itself"),
        pytest.param("1", "0.001", "-0.001", "0", "-0.1", id="hardly anything"),
        pytest.param("0", "75", "-10", "0", "0", id="no power at all"),
    ],
)
def test_percentages_become_a_surplus(power: str, on: str, off: str, on_above: str, off_below: str) -> None:
    """What is drawn or injected at the meter, but off below on, and never where the load would switch itself off."""
    load = _load("enabled = yes", f"max_power = {power}", f"switch_on = {on}", f"switch_off = {off}")
    assert (load.on_when, load.off_when) == (f"surplus > {on_above} W", f"surplus < {off_below} W")


_PERCENT = st.decimals(0, 1000, places=1).map(str)


@given(st.integers(1, 9999).map(str), _PERCENT, _PERCENT, st.sampled_from(["", "-"]))
def test_any_old_thresholds_are_safe(power: str, on: str, off: str, sign: str) -> None:
    """The rules find nothing wrong with them, and off is below on."""
    load = _load("enabled = yes", f"max_power = {power}", f"switch_on = {on}", f"switch_off = {sign}{off}")
    on_w, off_w = (float(text.split()[2]) for text in (load.on_when, load.off_when))
    assert off_w <= on_w - 0.0999 * float(power)


@pytest.mark.parametrize(
    ("section", "old", "new", "key"),
    [
        ("serial", "speed = 9600", "baudrate = 115200", "baudrate"),
        ("serial", "speed = 115000", "baudrate = 115000", "baudrate"),
        ("serial", "bytes = 7", "bytesize = 8", "bytesize"),
        ("load:aux", "max_power = 100", "power = 2000", "power"),
        ("load:aux", "switch_on = 75", "on_when = surplus > 1 W\noff_when = surplus < 0 W", "on_when"),
        ("load:aux", "switch_off = x", "on_when = surplus > 1 W\noff_when = surplus < 0 W", "off_when"),
        ("load:aux", "hold_timer = 10", "min_on = 20\nmin_off = 30", "min_on and min_off"),
        ("load:aux", "address = x", "driver = none", "driver"),
    ],
)
def test_a_new_key_wins_over_the_old_one_beside_it(section: str, old: str, new: str, key: str) -> None:
    """And the warning says so, wherever they stand."""
    for both in (f"{old}\n{new}", f"{new}\n{old}"):
        text, alone = f"[{section}]\n{both}\n", f"[{section}]\n{new}\n"
        name = old.split(maxsplit=1)[0]
        assert f"[{section}] {name}: not used, because {key} is there; write instead: nothing" in _warnings(text)
        kind = KNOWN.of(section)
        assert kind is not None
        if section == "serial":
            assert _parsed(text).section(kind) == _parsed(alone).section(kind)
        assert _parsed(text).loads == _parsed(alone).loads


def test_a_hold_timer_fills_what_is_left_of_its_two_keys() -> None:
    """The warning tells only that."""
    load = _load("hold_timer = 10", "min_on = 20", name="pump")
    assert (load.min_on, load.min_off) == (20.0, 10.0)
    warning = "[load:pump] hold_timer: two keys now; write instead: min_off = 10"
    assert _warnings("[load:pump]\nhold_timer = 10\nmin_on = 20\n") == [warning]


def test_percentages_count_of_the_new_power_too() -> None:
    """A file may be changed key by key."""
    assert _load("enabled = yes", "power = 1000", "switch_on = 80", "switch_off = 50").on_when == "surplus > 800 W"


def test_older_names_go_on_working() -> None:
    """Those that the tests of the first smartmeter used."""
    text = "[serial]\nspeed = 115000\nbytes = 7\n[logging]\nlogfile = x\n"
    assert _parsed(text).section(SerialSettings) == SerialSettings(baudrate=115_200, bytesize=7)
    assert _warnings(text) == [
        "[serial] speed: an old name; write instead: baudrate = 115200",
        "[serial] bytes: an old name; write instead: bytesize = 7",
        f"[logging] logfile: {_LOG}",
    ]


@pytest.mark.parametrize(
    ("level", "instead"),
    [("CRITICAL", "error"), ("fatal", "error"), ("Warn", "warning"), ("notset", "debug"), ('"WARN"', "warning")],
)
def test_other_names_of_log_levels_are_the_nearest_of_ours(level: str, instead: str) -> None:
    """The first smartmeter took any that Python has."""
    text, why = f"[logging]\nloglevel = {level}\n", "WARN, CRITICAL, FATAL and NOTSET are no levels here"
    assert _parsed(text).section(LoggingSettings).loglevel == instead
    assert _warnings(text) == [f"[logging] loglevel: {why}; write instead: loglevel = {instead}"]


def test_an_upload_of_each_telegram_is_one_of_each_second() -> None:
    """A meter sends no faster; any other interval is as it is."""
    assert _parsed("[influx]\nupload_interval = 0\n").section(InfluxSettings).upload_interval == 1
    warning = "[influx] upload_interval: 0 was each telegram; write instead: upload_interval = 1"
    assert _warnings("[influx]\nupload_interval = 0\n") == _warnings("[influx]\nupload_interval = '0'\n") == [warning]
    assert not _warnings("[influx]\nupload_interval = 0.5\n")


def test_a_file_for_influxdb_1_starts_and_tells_what_influxdb_2_wants() -> None:
    """Its password is not told."""
    text = "[influx]\nhostname = h\nport = 8086\nssl = yes\nverify_ssl = no\ndatabase = d\nusername = u\npassword = hush\n"
    why, address = "not used, because it is of InfluxDB 1; write instead:", "//HOST:8086 of an InfluxDB 2"
    assert _warnings(text) == [
        f"[influx] hostname: {why} url = http:{address}",
        f"[influx] port: {why} url = http:{address}",
        f"[influx] ssl: {why} url = https:{address}",
        f"[influx] database: {why} bucket",
        f"[influx] username: {why} org and token",
        f"[influx] password: {why} org and token",
    ]
    assert _parsed(text).section(InfluxSettings) == _parsed("[influx]\nverify_ssl = no\n").section(InfluxSettings)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("'http://h:1'", "url = http://h:1"),
        ('"http://me:hush@h:1"', "url without quotes"),
        ('"http://h:1?token=hush"', "url without quotes"),
        ('""', "url = "),
    ],
)
def test_quotes_around_the_address_go_and_a_secret_in_it_stays_one(text: str, warning: str) -> None:
    """Only a pair around it are quotes."""
    assert _warnings(f"[influx]\nurl = {text}\n") == [f"[influx] url: quotes are not part of it; write instead: {warning}"]
    assert _parsed(f"[influx]\nurl = {text}\n").section(InfluxSettings).url == text[1:-1]


@pytest.mark.parametrize(
    ("section", "key", "text", "instead"),
    [
        ("influx", "org", '"home"', "org = home"),
        ("influx", "bucket", "'energy'", "bucket = energy"),
        ("influx", "token", '"hush"', "token without quotes"),
        ("influx", "bucket", '""', "bucket without quotes"),
        ("influx", "timeout", '"soon"', "timeout without quotes"),
        ("influx", "enabled", '"no"', "enabled = no"),
        ("serial", "port", '"/dev/serial0"', "port = /dev/serial0"),
        ("serial", "baudrate", '"9600"', "baudrate = 9600"),
        ("serial", "parity", "' E '", "parity = E"),
        ("csv", "file_path", '"/data"', "file_path = /data"),
        ("csv", "file_prefix", '"meter_"', "file_prefix = meter_"),
        ("logging", "loglevel", '"debug"', "loglevel = debug"),
        ("load:pump", "enabled", '"no"', "enabled = no"),
    ],
)
def test_quotes_around_a_value_go(section: str, key: str, text: str, instead: str) -> None:
    """The warning shows the value only if it is right, and no secret."""
    both = (f"[{section}]\n{key} = {text}\n", f"[{section}]\n{key} = {text[1:-1]}\n")
    kind = KNOWN.of(section)
    assert kind is not None
    quoted, plain = (_read(one) for one in both)
    assert quoted.warnings == (f"config.ini: [{section}] {key}: quotes are not part of it; write instead: {instead}",)
    assert quoted.loads == plain.loads
    if kind is not LoadSettings:
        assert quoted.section(kind) == plain.section(kind)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ('[serial]\nspeed = "115000"', "[serial] speed: an old name; write instead: baudrate = 115200"),
        (
            '[serial]\nbaudrate = "115000"',
            "[serial] baudrate: 115000 is a slip of the old sample; write instead: baudrate = 115200",
        ),
        ("[load:pump]\nmax_power = '2300'", "[load:pump] max_power: an old name; write instead: power = 2300"),
    ],
)
def test_an_old_key_with_quotes_is_warned_of_once(text: str, warning: str) -> None:
    """What to write instead has none."""
    assert _warnings(f"{text}\n") == [warning]


def test_percentages_in_quotes_are_percentages() -> None:
    """Each is reckoned with the others."""
    load = _load('enabled = "yes"', 'max_power = "2300"', 'switch_on = "75"', 'switch_off = "10"')
    assert (load.on_when, load.off_when, load.driver) == ("surplus > 1725 W", "surplus < 230 W", "gpio")


@pytest.mark.parametrize(
    ("section", "key"),
    [
        *(("mqtt", key) for key in ("username", "password", "client_id")),
        *(("load:pump", key) for key in ("on_payload", "off_payload", "state_key", "state_on", "state_off", "state_topic")),
    ],
)
def test_quotes_stay_where_they_may_be_meant(section: str, key: str) -> None:
    """A password may begin and end with them, and a relay may want them."""
    config = _parsed(f'[{section}]\n{key} = "x"\n')
    assert not config.warnings
    assert getattr(config.loads["pump"] if section == "load:pump" else config.section(MqttSettings), key) == '"x"'


def test_no_secret_loses_its_quotes_but_the_token() -> None:
    """So a password of a section to come does not either."""
    for section, kind in KNOWN.plain.items():
        secrets = {one.name for one in fields(kind) if one.metadata["secret"]}
        assert {key for key in secrets if unquoted(section, key, '"x"') == "x"} <= {"token"}


@pytest.mark.parametrize("url", ['"http://h', "http://h'", "\"http://h'", '"', "http://h", ""])
def test_what_is_not_quoted_stays_as_it_is(url: str) -> None:
    """The rules for InfluxDB judge it."""
    assert not _warnings(f"[influx]\nurl = {url}\n")
    assert _parsed(f"[influx]\nurl = {url}\n").section(InfluxSettings).url == url


PERCENT = "expected a percentage of max_power, as a number"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            ["max_power = 2 kW", "switch_on = 75", "switch_off = 10"],
            'max_power: expected a power in W, as a number, got "2 kW"',
        ),
        (["max_power = 2300", "switch_on = 75 %", "switch_off = 10"], f'switch_on: {PERCENT}, got "75 %"'),
        (["max_power = 2300", "switch_on = -75", "switch_off = 10"], f'switch_on: {PERCENT}, got "-75"'),
        (["max_power = 2300", "switch_on = 75", "switch_off = low"], f'switch_off: {PERCENT}, got "low"'),
        (["enabled = no", "switch_off ="], f'switch_off: {PERCENT}, got ""'),
        (["hold_timer = 10 s"], 'hold_timer: expected seconds, got "10 s"'),
        (["max_power = 2300", "switch_on = 75"], 'switch_on: expected switch_off beside it, got "75"'),
        (["max_power = 2300", "switch_off = 10"], 'switch_off: expected switch_on beside it, got "10"'),
        (
            ["on_when = surplus > 1 W", "max_power = 2300", "switch_off = 10"],
            'switch_off: expected off_when = surplus < -229 W in its place, because on_when is there, got "10"',
        ),
        (
            ["on_when = surplus > 1725 W", "power = 2300", "switch_off = 10"],
            'switch_off: expected off_when = surplus < 230 W in its place, because on_when is there, got "10"',
        ),
        (
            ["on_when = surplus > 2 kW", "power = 2300", "switch_off = 10"],
            'switch_off: expected off_when in its place, because on_when is there, got "10"',
        ),
        (
            ["on_when = surplus > 1725 W", "switch_off = 10"],
            'switch_off: expected off_when in its place, because on_when is there, got "10"',
        ),
        (
            ["on_when = surplus > 1725 W", "max_power = 0", "switch_off = 10"],
            'switch_off: expected off_when in its place, because on_when is there, got "10"',
        ),
        (
            ["off_when = surplus < 230 W", "max_power = 2300", "switch_on = 75"],
            'switch_on: expected on_when = surplus > 1725 W in its place, because off_when is there, got "75"',
        ),
        (
            ["off_when = surplus < 230 W", "switch_on = 75"],
            'switch_on: expected on_when in its place, because off_when is there, got "75"',
        ),
    ],
)
def test_what_is_wrong_with_an_old_key_is_told_at_its_place(lines: list[str], problem: str) -> None:
    """As with any other key, once, and by the service that wants the section only."""
    text = "\n".join(("[load:aux]", *lines))
    assert _problems(text) == [f"config.ini: [load:aux] {problem}"]
    _parsed(text, SERVICES["reader"])


@pytest.mark.parametrize(
    ("line", "warning"),
    [
        ("[load:aux]\nhold_timer = ten", "[load:aux] hold_timer: two keys now; write instead: min_on and min_off"),
        ("[load:aux]\nmax_power = 2 kW", "[load:aux] max_power: an old name; write instead: power"),
        ("[serial]\nspeed = fast", "[serial] speed: an old name; write instead: baudrate"),
        ("[serial]\nbytes = 9", "[serial] bytes: an old name; write instead: bytesize"),
    ],
)
def test_a_wrong_value_is_not_handed_on(line: str, warning: str) -> None:
    """Neither by the service that wants the section, nor by one that does not."""
    assert _parsed(line, SERVICES["csv_logger"]).warnings == (f"config.ini: {warning}",)
    assert _read(line).warnings == (f"config.ini: {warning}",)


def test_a_missing_power_is_told_at_both_percentages() -> None:
    """They are worth nothing without it."""
    text = "[load:aux]\nenabled = yes\nswitch_on = 75\nswitch_off = 10\n"
    assert _problems(text) == [
        'config.ini: [load:aux] switch_on: expected max_power beside it, in W, got "75"',
        'config.ini: [load:aux] switch_off: expected max_power beside it, in W, got "10"',
    ]
    assert not _problems(text.replace("yes", "no"))
    assert not _problems(text + "address = xx:xx\n")


def test_what_the_rules_find_is_told_with_the_key_of_the_file() -> None:
    """Nobody finds `power` in a file that has max_power."""
    rules = "min_on_per_day = 3600\nby = 06:00\n"
    expected = "expected at most what [peak] limit leaves (2850 W) because of min_on_per_day"
    for key in ("max_power", "power"):
        text = f"[peak]\nlimit = 3\n[load:aux]\n{key} = 4000\n{rules}"
        assert _problems(text) == [f'config.ini: [load:aux] {key}: {expected}, got "4000"']


@pytest.mark.parametrize(
    "text",
    ["[logging]\nlogpat = x", "[serial]\nkeep = 1", "[csv]\nspeed = 1", "[load:a]\nswitch = 1", "[load]\nmax_power = 1"],
)
def test_a_key_that_was_never_known_stays_a_problem(text: str) -> None:
    """Only the table is forgiven, each key in its own section."""
    assert [problem for problem in _problems(text) if "unknown" in problem]


def test_what_is_not_old_stays_as_it_is() -> None:
    """Word by word, without a warning."""
    values = {"serial": {"baudrate": "9600"}, "load:a": {"power": "1"}, "odd": {"max_power": "x"}}
    translation = translate(values, lambda *_: True)
    assert {name: {key: value.text for key, value in given.items()} for name, given in translation.values.items()} == values
    assert not translation.warnings


def test_every_old_key_leads_to_keys_that_exist() -> None:
    """And none of the table is a key of today, but those of which only a value is old."""
    for row, (section, kind) in product(TABLE, [*KNOWN.plain.items(), *KNOWN.named.items()]):
        if row.section.partition(":")[0] == section:
            names = set(kind.__dataclass_fields__)
            assert names >= set(row.new)
            assert row.key not in names or row.key in {"baudrate", "upload_interval", "loglevel", "enabled"}
