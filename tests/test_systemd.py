"""`make install` on a machine with systemd: from nothing to running services, through crashes and upgrades, and off again.

The tests follow one machine through its life; each needs what those before it have left.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.support.parts import PartMissing, do_without
from tests.support.systemd_host import CHECKOUT, SERVICES, Host, systemd_host
from tests.support.waiting import eventually

# Taken over from the checkout. The meter's cable is a link, as /dev/serial/by-id/...; the load goes on with the first telegram.
CONFIG = """\
[serial]
port = /var/lib/smartmeter/meter

[csv]
write_every = 1
compress = no

[relay]
settle = 0

[load:boiler]
driver = gpio
pin = 17
power = 2000
on_when = l1_voltage > 100 V
on_delay = 0
off_when = l1_voltage < 1 V
min_on = 0
min_off = 0
"""
DATA = "/var/lib/smartmeter"
SETTINGS = "/etc/smartmeter/config.ini"
PYTHON = "/opt/smartmeter/venv/bin/python"
WEB = "smartmeter-web.service"
WEB_SETTINGS = "/etc/smartmeter/web.env"
PAGE = "<!doctype html><title>Stands for the page</title>"
LISTENER = "/etc/mosquitto/conf.d/smartmeter-listener.conf"

# Stands for the pins, which this machine does not have: a line for each level, with the process that set it and the pin.
PINS = "/var/lib/smartmeter/pins"
GPIO = f"""\
import os
BCM, OUT, LOW, HIGH = 11, 0, 0, 1
def setwarnings(on): pass
def setmode(mode): pass
def setup(pin, direction, initial): output(pin, initial)
def output(pin, level):
    with open("{PINS}", "a") as file:
        file.write(f"{{os.getpid()}} {{level}} {{pin}}\\n")
"""
OVERRIDES = {
    "relay_controller": "[Service]\nEnvironment=PYTHONPATH=/opt/pins\nWatchdogSec=4\n",
    "reader": "[Service]\nWatchdogSec=4\n",
}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Boot a machine that has the checkout and nothing of ours."""
    with ExitStack() as stack:
        try:
            machine = stack.enter_context(systemd_host())
        except PartMissing as reason:
            do_without(reason)
        yield machine


@pytest.fixture(scope="module")
def installed(host: Host) -> Host:
    """Install, with the settings of the checkout, a simulated meter and pins of our own."""
    host.write(f"{CHECKOUT}/config.ini", CONFIG)
    host.write(f"{CHECKOUT}/build/www/index.html", PAGE)  # this machine has no npm
    host.write("/opt/pins/RPi/__init__.py", "")
    host.write("/opt/pins/RPi/GPIO.py", GPIO)
    for service, text in OVERRIDES.items():
        host.write(f"/etc/systemd/system/smartmeter@{service}.service.d/override.conf", text)
    done = host.run("make install")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lighttpd.service" not in done.stderr  # of which systemctl likes to tell
    _plug_in(host)
    host.wait_until_all_run()
    return host


def _plug_in(host: Host, user: str = "smartmeter") -> None:
    """Let the meter's cable be there; it belongs to a user."""
    host.says(
        f"systemd-run --unit meter -p User={user} -p WorkingDirectory=/var/lib/smartmeter"
        f" {PYTHON} -m reader simulate --port meter"
    )
    eventually(lambda: host.run("test -e /var/lib/smartmeter/meter").returncode == 0, 60, "the meter's port")


def _pull_out(host: Host) -> None:
    host.says("systemctl stop meter; rm -f /var/lib/smartmeter/meter")


def _install(host: Host, arguments: str = "") -> tuple[int, str]:
    done = host.run(f"make install {arguments}")
    return done.returncode, done.stderr


def _nothing_is_there(host: Host) -> bool:
    places = "/opt/smartmeter* /etc/smartmeter /var/lib/smartmeter /usr/local/lib/systemd/system /etc/mosquitto/smartmeter"
    return host.says(f"ls -d {places} 2>/dev/null; getent passwd smartmeter; true") == ""


def _rows(host: Host) -> int:
    return int(
        host.says("cat /var/lib/smartmeter/*smartmeter_*.csv /var/lib/smartmeter/.wip__* 2>/dev/null | grep -c '^20'; true")
    )


def _levels(host: Host) -> list[tuple[int, int]]:
    """Give the processes that set the pin, and the levels."""
    lines = [line.split() for line in host.says(f"cat {PINS} 2>/dev/null; true").splitlines()]
    return [(int(process), int(level)) for process, level, _ in lines]


def _pins(host: Host) -> list[tuple[int, int]]:
    """Give the pins that were set, and the levels."""
    lines = [line.split() for line in host.says(f"cat {PINS} 2>/dev/null; true").splitlines()]
    return [(int(pin), int(level)) for _, level, pin in lines]


def _wait_for_rows(host: Host) -> None:
    before = _rows(host)
    eventually(lambda: _rows(host) > before, 60, "another row in the CSV files")


# --- What is in the way of an installation ---


def test_without_rights_it_says_how_to_have_them(host: Host) -> None:
    """A person without sudo."""
    done = host.run("make install", user="daemon")
    assert "this needs root; run: sudo make install" in done.stderr
    assert done.returncode != 0
    assert _nothing_is_there(host)


@contextmanager
def _small_opt(host: Host, options: str) -> Iterator[None]:
    host.says(f"mount -t tmpfs -o {options} tmpfs /opt")
    try:
        yield
    finally:
        host.says("umount /opt")


def test_a_full_disk_is_seen_before_anything_is_changed(host: Host) -> None:
    """The line says where, how much there is, and how much it takes."""
    with _small_opt(host, "size=20m"):
        code, said = _install(host)
        assert "the disk is full: /opt has 20 MB free, smartmeter needs 250 MB there" in said
        assert code != 0
        assert _nothing_is_there(host)


def test_a_full_tmp_is_seen_before_anything_is_changed(host: Host) -> None:
    """Logs and downloads of the installation go there."""
    host.says("mount -t tmpfs -o size=1m tmpfs /tmp")
    code, said = _install(host)
    host.says("umount /tmp")
    assert "the disk is full: /tmp has 1 MB free, smartmeter needs 10 MB there" in said
    assert code != 0
    assert _nothing_is_there(host)


def test_a_port_that_someone_else_has_is_named_with_its_holder(host: Host) -> None:
    """Port 1883 belongs to another program."""
    host.says("systemd-run --unit squatter python3 -m http.server --bind 127.0.0.1 1883")
    eventually(lambda: "python3" in host.says("ss -Hltnp 'sport = :1883'"), 60, "the other program's port")
    code, said = _install(host)
    host.says("systemctl stop squatter")
    assert "port 1883 is in use by python3 (process " in said
    assert "; end it, or leave the broker out with: sudo make install BROKER=no" in said
    assert code != 0
    assert _nothing_is_there(host)


def test_who_comes_from_the_containers_is_told_how_to_leave_them(host: Host) -> None:
    """Docker has a program of its own at the port of a container."""
    host.says("ln -s $(command -v python3) /usr/local/bin/docker-proxy")
    host.says("systemd-run --unit squatter /usr/local/bin/docker-proxy -m http.server --bind 127.0.0.1 1883")
    eventually(lambda: "docker-proxy" in host.says("ss -Hltnp 'sport = :1883'"), 60, "the port of a container")
    code, said = _install(host)
    host.says("systemctl stop squatter; rm /usr/local/bin/docker-proxy")
    assert "in use by docker-proxy" in said
    assert "; end the container behind it (smartmeter's own: docker compose --profile demo down), or leave" in said
    assert code != 0
    assert _nothing_is_there(host)


def test_a_broker_that_someone_has_set_up_is_left_alone(host: Host) -> None:
    """Two files that say who may connect would contradict each other."""
    mine = "/etc/mosquitto/conf.d/mine.conf"
    host.write(mine, "listener 1883\nallow_anonymous true\n")
    code, said = _install(host)
    host.says(f"rm {mine}")
    assert f"{mine}, line 1:listener 1883: the broker has settings of your own" in said
    assert "BROKER=no" in said
    assert code != 0
    assert _nothing_is_there(host)


def test_a_broker_that_is_masked_is_told(host: Host) -> None:
    """Nothing could start it, and that would show late."""
    host.says("systemctl --quiet mask mosquitto 2>/dev/null")
    code, said = _install(host)
    host.says("systemctl --quiet unmask mosquitto")
    assert "mosquitto.service is masked, so the broker cannot start; mend it with: sudo systemctl unmask mosquitto" in said
    assert "BROKER=no" in said
    assert code != 0
    assert _nothing_is_there(host)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--uid 1234", ("is a person here (number 1234)", "sudo usermod --login NAME smartmeter")),
        ("--system --shell /bin/bash", ("can log in (shell /bin/bash)", "sudo usermod --shell /usr/sbin/nologin smartmeter")),
    ],
    ids=["person", "shell"],
)
def test_a_person_of_that_name_does_not_become_the_services(host: Host, options: str, told: tuple[str, str]) -> None:
    """They would have that person's rights."""
    host.says(f"useradd --user-group {options} smartmeter")
    code, said = _install(host)
    host.says("userdel smartmeter")
    for words in told:
        assert words in said
    assert code != 0
    assert _nothing_is_there(host)


def test_a_removal_needs_no_broker(host: Host) -> None:
    """Mosquitto never was on this machine."""
    host.says("mkdir /opt/smartmeter")
    done = host.run("make uninstall")
    assert done.returncode == 0
    assert done.stderr.startswith("smartmeter is removed; ")
    assert _nothing_is_there(host)


def test_a_wrong_choice_is_told(host: Host) -> None:
    """BROKER is yes or no."""
    code, said = _install(host, "BROKER=maybe")
    assert "usage: make install" in said
    assert code != 0


def test_a_first_installation_that_fails_at_the_broker_leaves_nothing_behind(host: Host) -> None:
    """Neither the user nor folders; and the broker runs as before."""
    mine = "/etc/mosquitto/conf.d/mine.conf"
    host.write(mine, "no_such_key true\n")
    code, said = _install(host)
    host.says(f"rm {mine}; systemctl reset-failed mosquitto; systemctl restart mosquitto")  # it failed often enough
    assert "the broker does not start with our settings: Error: Unknown configuration variable no_such_key." in said
    assert "\nnot installed\n" in said
    assert code != 0
    assert _nothing_is_there(host)
    assert host.says("ls /etc/mosquitto/conf.d") == "README"


def test_a_broker_that_does_not_read_our_folder_is_told(host: Host) -> None:
    """Without our settings it would stay open to everybody on this machine."""
    main = "/etc/mosquitto/mosquitto.conf"
    host.says(f"cp -p {main} /root/ && sed -i '/^include_dir/d' {main}")
    code, said = _install(host)
    host.says(f"mv /root/mosquitto.conf {main}")
    assert f"{main} does not read /etc/mosquitto/conf.d" in said
    assert "add a line to it: include_dir /etc/mosquitto/conf.d;" in said
    assert "BROKER=no" in said
    assert code != 0
    assert _nothing_is_there(host)


def test_all_wrong_settings_are_told_and_a_group_that_was_there_stays(host: Host) -> None:
    """By the file that the user has written, for the installed one is gone again."""
    host.says("groupadd --system smartmeter")
    host.write(f"{CHECKOUT}/config.ini", "[csv]\nmax_agee = 1\nmax_line = 2\n")
    code, said = _install(host)
    assert "\nconfig.ini: [csv] max_agee: unknown key, did you mean max_age?\n" in said
    assert "\nconfig.ini: [csv] max_line: unknown key, did you mean max_lines?\n" in said
    assert "\ncannot make the logins of the broker\n" in said
    assert code != 0
    assert _nothing_is_there(host)
    host.says("groupdel smartmeter")


def _start_installing(host: Host, name: str) -> None:
    """Install as a unit of that name, so that it can be interrupted."""
    host.says(f"systemd-run --unit {name} -p WorkingDirectory={CHECKOUT} {CHECKOUT}/scripts/install")


def _press_ctrl_c(host: Host, name: str) -> None:
    host.says(f"systemctl kill --kill-whom=main -s INT {name}")


def _wait_for_its_end(host: Host, name: str) -> str:
    """Wait until it has ended as after Ctrl-C; give what it said."""
    eventually(lambda: host.unit(name, "ActiveState") == "failed", 60, "the end of the installation")
    assert host.unit(name, "ExecMainStatus") == "130"
    return host.says(f"journalctl -o cat -u {name}")


def test_an_interruption_ends_the_building_of_the_page(host: Host) -> None:
    """Ctrl-C while npm waits for a network; it ends too."""
    host.write("/usr/local/bin/npm", "#!/bin/sh\nexec sleep 287\n")
    host.says("chmod +x /usr/local/bin/npm")
    _start_installing(host, "installing-page")
    eventually(lambda: host.run("pgrep -fx 'sleep 287'").returncode == 0, 60, "npm at work")
    _press_ctrl_c(host, "installing-page")
    said = _wait_for_its_end(host, "installing-page")
    host.says(f"rm -r /usr/local/bin/npm {CHECKOUT}/build")
    assert "not installed" in said
    assert host.run("pgrep -fx 'sleep 287'").returncode != 0
    assert _nothing_is_there(host)


def test_an_interruption_lets_apt_end_and_no_web_server_of_debian_runs(host: Host) -> None:
    """Ctrl-C while apt works: half installed packages would be worse, and a server for everybody too."""
    apt = "/etc/apt/apt.conf.d/99-waits"
    host.write(f"{CHECKOUT}/build/www/index.html", PAGE)
    host.write(apt, 'DPkg::Pre-Invoke {"touch /run/apt-waits; until [ -e /run/apt-goes-on ]; do sleep 0.1; done";};\n')
    _start_installing(host, "installing-packages")
    eventually(lambda: host.run("test -e /run/apt-waits").returncode == 0, 60, "apt at work")
    _press_ctrl_c(host, "installing-packages")
    words = "waiting until Debian's packages are in order"
    eventually(lambda: words in host.says("journalctl -o cat -u installing-packages"), 60, "the answer to Ctrl-C")
    host.says("touch /run/apt-goes-on")
    assert "wait:" not in _wait_for_its_end(host, "installing-packages")
    assert host.says("dpkg-query -W -f '${db:Status-Status}' lighttpd") == "installed"
    assert host.run("systemctl is-enabled lighttpd").stdout == "disabled\n"
    assert host.says("journalctl -o cat -u lighttpd; true") == ""
    assert _nothing_is_there(host)
    host.says(f"rm -r {apt} {CHECKOUT}/build; apt-get purge -qy lighttpd lighttpd-mod-openssl")


def test_apt_that_fails_is_told_in_its_own_words(host: Host) -> None:
    """And nothing else is."""
    apt = "/etc/apt/apt.conf.d/99-fails"
    host.write(f"{CHECKOUT}/build/www/index.html", PAGE)
    host.write(apt, 'DPkg::Pre-Invoke {"false";};\n')
    code, said = _install(host)
    host.says(f"rm -r {apt} {CHECKOUT}/build")
    assert "\ncannot install Debian's lighttpd lighttpd-mod-openssl: E: " in said
    assert "scripts/" not in said
    assert code != 0
    assert _nothing_is_there(host)


# --- What is there after it ---


def test_the_services_run_as_their_user_and_data_arrive(installed: Host) -> None:
    """Telegrams of the meter reach the CSV file, with all four processes as the user smartmeter."""
    _wait_for_rows(installed)
    users = {installed.says(f"ps -o user:20= -p {installed.pid(service)}").strip() for service in SERVICES}
    assert users == {"smartmeter"}


def test_secrets_are_closed_and_code_is_roots(installed: Host) -> None:
    """Settings may hold tokens; a service that could change its code would keep what broke into it."""
    wanted = {
        SETTINGS: "640 root smartmeter",
        "/etc/smartmeter": "750 root smartmeter",
        "/var/lib/smartmeter": "750 smartmeter smartmeter",
        "/etc/smartmeter/logins/reader/password": "600 root root",
        "/etc/mosquitto/smartmeter/passwords": "600 mosquitto mosquitto",
    }
    assert {path: installed.says(f"stat -c '%a %U %G' {path}") for path in wanted} == wanted
    assert installed.says("find /opt/smartmeter ! -user root -o ! -type l -perm /022") == ""


def test_the_settings_of_the_checkout_are_taken_over_with_data_in_their_place(installed: Host) -> None:
    """What the user has set is there; what services write goes to /var/lib/smartmeter."""
    text = installed.says(f"cat {SETTINGS}")
    assert "on_when = l1_voltage > 100 V" in text
    assert "file_path = /var/lib/smartmeter\n" in text
    assert "queue_file = /var/lib/smartmeter/influx-queue.db" in text
    assert "state_file = /var/lib/smartmeter/relay-state.json" in text


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_closed(installed: Host, service: str) -> None:
    """Rated by systemd, as it is loaded: 2.0 of 10 or better, with drop-ins and all."""
    done = installed.run(f"systemd-analyze security --threshold=20 --no-pager smartmeter@{service}.service")
    assert done.returncode == 0, done.stdout.splitlines()[-1:]


def test_systemd_has_nothing_to_say_about_the_units(installed: Host) -> None:
    """`verify` ends with 0 on unknown keys; so its output is empty too."""
    units = " ".join([WEB, *(f"smartmeter@{service}.service" for service in SERVICES)])
    done = installed.run(f"systemd-analyze verify --man=no smartmeter.target {units}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (
        installed.says("journalctl -o cat -p warning _PID=1 -g smartmeter@ | grep -v -e 'Failed with' -e 'Watchdog'; true")
        == ""
    )


def test_what_is_stored_waits_for_what_is_read_and_switched(installed: Host) -> None:
    """On a machine that has no time for all."""
    units = " ".join(f"smartmeter@{service}" for service in SERVICES)
    weights = installed.says(f"systemctl show --property CPUWeight --value {units}").split()
    assert dict(zip(SERVICES, weights, strict=True)) == {
        "reader": "200",
        "csv_logger": "20",
        "influx_bridge": "20",
        "relay_controller": "200",
    }


def test_what_the_user_changes_of_a_unit_counts_more_than_ours(installed: Host) -> None:
    """`systemctl edit` writes override.conf, and of all drop-ins the last name wins."""
    assert installed.service("relay_controller", "WatchdogUSec") == "4s"


def test_nobody_comes_in_without_a_login_or_from_outside(installed: Host) -> None:
    """The broker refuses who gives no password, and listens on this machine only."""
    ask = (
        "import socket; s = socket.create_connection(('127.0.0.1', 1883), 5);"
        r" s.sendall(b'\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00'); print(s.recv(4).hex())"
    )
    assert installed.says(f'python3 -c "{ask}"') == "20020005"  # CONNACK of MQTT 3.1.1, section 3.2: not authorised
    with socket.socket() as client:
        client.settimeout(5)
        assert client.connect_ex((installed.address, 1883)) != 0


def _page(host: Host, tls: str = "no") -> str:
    """Ask the server of the live page as a browser does, for the page and for a way to the broker."""
    given = f"WEB_PORT=8080 WEB_TLS={tls} WEB_BROKER_HOST=127.0.0.1 WEB_BROKER_PORT=9001"
    return host.run(f"cd /opt/smartmeter && {given} python3 -m mosquitto.web_check").stdout.strip()


def test_the_live_page_is_served_for_this_machine_only(installed: Host) -> None:
    """By nobody who owns anything; Debian's own lighttpd, for everybody at port 80, never ran and never will."""
    assert eventually(lambda: _page(installed) == "online", 60, "the page and the way to the broker")
    listening = installed.says("ss -Hltn").splitlines()
    ours = {line.split()[3] for line in listening if line.split()[3].rpartition(":")[2] in {"80", "8080", "9001"}}
    assert ours == {"127.0.0.1:8080", "127.0.0.1:9001"}
    user = installed.says(f"ps -o user:20= -p {installed.unit(WEB, 'MainPID')}").strip()
    assert user not in {"root", "smartmeter", "www-data"}
    assert installed.run("systemctl is-enabled lighttpd").stdout == "disabled\n"
    assert installed.says("journalctl -o cat -u lighttpd; true") == ""
    done = installed.run(f"systemd-analyze security --threshold=20 --no-pager {WEB}")
    assert done.returncode == 0, done.stdout.splitlines()[-1:]


def test_a_page_whose_port_is_taken_is_told_and_the_rest_works(installed: Host) -> None:
    """One line, no failure; the page comes as soon as the port is free, or with another one in its settings."""
    installed.says(f"systemctl stop {WEB}; systemd-run --unit squatter python3 -m http.server --bind 127.0.0.1 8080")
    eventually(lambda: "python3" in installed.says("ss -Hltnp 'sport = :8080'"), 60, "the other program's port")
    code, said = _install(installed)
    assert code == 0, said
    assert f"no live page: port 8080 is in use by python3; another one is set in {WEB_SETTINGS}" in said
    installed.says(f"echo WEB_PORT=8081 >> {WEB_SETTINGS} && systemctl restart {WEB}")
    eventually(lambda: "127.0.0.1:8081" in installed.says("ss -Hltn"), 60, "the page at another port")
    installed.says(f"systemctl stop squatter; sed -i '/^WEB_PORT/d' {WEB_SETTINGS}; systemctl restart {WEB}")
    eventually(lambda: _page(installed) == "online", 60, "the page")


# --- What goes wrong later ---


def test_a_cable_that_is_pulled_out_and_put_back_is_found_again(installed: Host) -> None:
    """A new device under the old name, inside all that the unit closes."""
    process = installed.pid("reader")
    _pull_out(installed)
    eventually(lambda: "it is gone" in installed.journal("reader"), 60, "the reader's complaint")
    _plug_in(installed)
    _wait_for_rows(installed)
    assert installed.pid("reader") == process


def test_a_port_without_rights_is_told_and_waited_for(installed: Host) -> None:
    """The reader says what is missing, goes on running, and reads as soon as it may."""
    _pull_out(installed)
    _plug_in(installed, "root")
    try:
        installed.says("systemctl restart smartmeter@reader")
        eventually(lambda: "no right to read it" in installed.journal("reader"), 60, "the reader's complaint")
        assert installed.service("reader", "ActiveState") == "active"
        installed.says("chmod o+rw /var/lib/smartmeter/meter")
        _wait_for_rows(installed)
    finally:
        _pull_out(installed)
        _plug_in(installed)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_crashes_is_started_again(installed: Host, service: str) -> None:
    """`kill -9`, which nothing can catch."""
    before = installed.pid(service)
    installed.says(f"kill -9 {before}")
    eventually(lambda: installed.pid(service) not in {0, before}, 60, "another process")
    installed.wait_until_all_run()


def test_a_reader_that_hangs_is_started_again(installed: Host) -> None:
    """Its watchdog, of 4 s here, hears nothing from a process that was frozen."""
    before = installed.pid("reader")
    installed.says(f"kill -STOP {before}")
    eventually(lambda: installed.pid("reader") not in {0, before}, 60, "another process")
    assert "Watchdog timeout" in installed.journal("reader")
    installed.wait_until_all_run()
    _wait_for_rows(installed)


def test_a_broker_that_crashes_is_started_again_and_found_again(installed: Host) -> None:
    """Mosquitto's own unit does that; the services connect anew, in the same processes."""
    processes = [installed.pid(service) for service in SERVICES]
    installed.says("kill -9 $(systemctl show -p MainPID --value mosquitto)")
    eventually(lambda: installed.unit("mosquitto", "ActiveState") == "active", 60, "the broker")
    _wait_for_rows(installed)
    assert [installed.pid(service) for service in SERVICES] == processes


def _relay_is_on(host: Host) -> int:
    """Wait until the running relay_controller has switched its load on; give its process."""
    host.wait_until_all_run()
    process = host.pid("relay_controller")
    eventually(lambda: _levels(host)[-1:] == [(process, 1)], 60, "the load to be on")
    return process


def _first_after(host: Host, before: list[tuple[int, int]], process: int) -> int:
    """Give the first level that was set by another process than the one that ended."""
    later = eventually(
        lambda: [one for one in _levels(host)[len(before) :] if one[0] != process], 60, "a level set by another process"
    )
    assert later[0][0] != host.pid("relay_controller"), "it was the next relay_controller, not --safe"
    return later[0][1]


def test_relays_are_safe_after_a_crash(installed: Host) -> None:
    """`--safe` runs as soon as the process is gone, before the next one starts."""
    process = _relay_is_on(installed)
    before = _levels(installed)
    installed.says(f"kill -9 {process}")
    assert _first_after(installed, before, process) == 0


def test_relays_are_safe_after_the_watchdog(installed: Host) -> None:
    """The same when it hangs, after the watchdog's time."""
    process = _relay_is_on(installed)
    before = _levels(installed)
    installed.says(f"kill -STOP {process}")
    assert _first_after(installed, before, process) == 0


def test_relays_are_safe_after_a_crash_when_the_login_is_gone(installed: Host) -> None:
    """The safe state needs no broker, and nothing of what leads to it."""
    process = _relay_is_on(installed)
    before = _levels(installed)
    installed.says("mv /etc/smartmeter/logins/relay_controller /etc/smartmeter/logins/away")
    installed.says(f"kill -9 {process}")
    assert _first_after(installed, before, process) == 0
    installed.says("mv /etc/smartmeter/logins/away /etc/smartmeter/logins/relay_controller")
    installed.wait_until_all_run()


def test_relays_are_safe_after_a_stop(installed: Host) -> None:
    """The service itself leaves them so."""
    _relay_is_on(installed)
    installed.says("systemctl stop smartmeter@relay_controller")
    assert _levels(installed)[-1][1] == 0
    installed.says("systemctl start smartmeter@relay_controller")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(f"printf '[csv]\\nmax_agee = 1\\n' > {SETTINGS}", id="wrong, and the load is gone"),
        pytest.param(f"sed -i 's/^driver = gpio/driver = gpoi/' {SETTINGS}", id="wrong in the load"),
        pytest.param(f"chmod 600 {SETTINGS}", id="closed to the service"),
        pytest.param(f"rm {SETTINGS}", id="gone"),
    ],
)
def test_relays_are_safe_after_a_crash_whatever_has_become_of_the_settings(installed: Host, change: str) -> None:
    """`--safe` knows the pins all the same; the service ends with exit code 2 and stays so."""
    process = _relay_is_on(installed)
    before = _levels(installed)
    installed.says(f"cp -p {SETTINGS} /root/good.ini && {change} && kill -9 {process}")
    eventually(lambda: installed.service("relay_controller", "ActiveState") == "failed", 60, "the service to give up")
    assert installed.service("relay_controller", "ExecMainStatus") == "2"
    later = [level for _, level in _levels(installed)[len(before) :]]
    assert later
    assert set(later) == {0}
    installed.says(f"cp -p /root/good.ini {SETTINGS} && systemctl restart smartmeter@relay_controller")
    installed.wait_until_all_run()


def test_a_pin_that_the_load_has_left_is_made_safe_after_a_crash(installed: Host) -> None:
    """The boiler is at another pin in the settings, and at the old one it is on."""
    process = _relay_is_on(installed)
    before = len(_levels(installed))
    installed.says(f"cp -p {SETTINGS} /root/good.ini && sed -i 's/^pin = 17/pin = 18/' {SETTINGS} && kill -9 {process}")
    eventually(lambda: (17, 0) in _pins(installed)[before:], 60, "the old pin to be safe")
    first = next(one for one in _levels(installed)[before:] if one[0] != process)
    installed.wait_until_all_run()
    assert first[0] != installed.pid("relay_controller"), "it was the next relay_controller, not --safe"
    assert '"pin": 18' in installed.says(f"cat {DATA}/relay-pins.json")
    assert '"pin": 17' not in installed.says(f"cat {DATA}/relay-pins.json")
    installed.says(f"cp -p /root/good.ini {SETTINGS} && systemctl restart smartmeter@relay_controller")
    installed.wait_until_all_run()


def test_a_disk_that_is_mounted_later_is_waited_for(installed: Host) -> None:
    """CSV files go to another disk, which is not there when the machine starts."""
    override = "/etc/systemd/system/smartmeter@csv_logger.service.d/override.conf"
    installed.write(override, "[Service]\nReadWritePaths=-/mnt/usb\nEnvironment=SMARTMETER_CSV_FILE_PATH=/mnt/usb/csv\n")
    installed.says("systemctl daemon-reload; systemctl restart --no-block smartmeter@csv_logger")
    complaint = "expected a folder to write in, /mnt/usb/csv: Read-only file system"
    eventually(lambda: installed.journal("csv_logger").count(complaint) > 1, 60, "another try")
    installed.says("mkdir -p /mnt/usb && mount -t tmpfs -o uid=smartmeter tmpfs /mnt/usb")
    eventually(lambda: "timestamp" in installed.says("cat /mnt/usb/csv/.wip__* 2>/dev/null; true"), 60, "rows on the disk")
    installed.says(f"rm {override}; systemctl daemon-reload; systemctl restart smartmeter@csv_logger; umount /mnt/usb")
    installed.wait_until_all_run()


def test_wrong_settings_are_told_and_not_tried_again(installed: Host) -> None:
    """A service ends with exit code 2 and stays so; an installation says the line and ends with a failure."""
    installed.says(f"cp -p {SETTINGS} /root/good.ini && sed -i 's/^power = 2000/power = much/' {SETTINGS}")
    code, said = _install(installed)
    assert "smartmeter@relay_controller.service is failed: " in said
    assert '[load:boiler] power: expected a power in W, as a number, got "much"' in said
    assert code != 0
    assert installed.service("relay_controller", "ExecMainStatus") == "2"
    assert installed.service("relay_controller", "ActiveState") == "failed"
    assert installed.service("reader", "ActiveState") == "active"
    installed.says(f"cp -p /root/good.ini {SETTINGS} && systemctl restart smartmeter.target")
    installed.wait_until_all_run()


# --- Upgrades ---


def test_a_second_installation_keeps_what_is_the_users(installed: Host) -> None:
    """Settings, passwords, the listener, data, and a service that was switched off; the broker is not restarted."""
    installed.says(
        f"echo '# mine' >> {SETTINGS}; echo '# mine' >> {LISTENER}; systemctl disable --now smartmeter@influx_bridge"
    )
    files = f"{SETTINGS} {LISTENER} /etc/smartmeter/logins/*/password /etc/mosquitto/smartmeter/*"
    kept, rows, broker = installed.says(f"sha256sum {files}"), _rows(installed), installed.unit("mosquitto", "MainPID")
    before = installed.pid("reader")
    assert _install(installed)[0] == 0
    assert installed.says(f"sha256sum {files}") == kept
    assert _rows(installed) >= rows
    assert installed.unit("mosquitto", "MainPID") == broker
    assert installed.service("influx_bridge", "ActiveState") == "inactive"
    assert installed.pid("reader") not in {0, before}
    installed.says("systemctl enable --now smartmeter@influx_bridge")
    installed.wait_until_all_run()
    _wait_for_rows(installed)


def test_what_was_switched_off_as_a_whole_stays_off(installed: Host) -> None:
    """The target is disabled: an upgrade enables and starts nothing, but what runs all the same gets the new version."""
    installed.says("systemctl disable --now smartmeter.target smartmeter@relay_controller; systemctl start smartmeter@reader")
    installed.wait_until_ready("reader")
    before = installed.pid("reader")
    assert _install(installed)[0] == 0
    states = {service: installed.service(service, "ActiveState") for service in SERVICES}
    assert states == dict.fromkeys(SERVICES, "inactive") | {"reader": "active"}
    assert installed.pid("reader") not in {0, before}
    assert installed.run("systemctl is-enabled smartmeter.target smartmeter@relay_controller").stdout == "disabled\n" * 2
    installed.says("systemctl stop smartmeter@reader")
    code, said = _install(installed)
    assert code == 0
    assert "nothing of it is switched on: sudo systemctl enable --now smartmeter.target" in said
    installed.says("systemctl enable --now smartmeter.target smartmeter@relay_controller")
    installed.wait_until_all_run()


def _traces(host: Host) -> str:
    return host.says("ls -d /opt/smartmeter.* /usr/local/lib/systemd/system/.smartmeter* 2>/dev/null; true")


def test_a_disk_that_fills_up_in_between_changes_nothing(installed: Host) -> None:
    """The new version finds no room after a while; what runs goes on, and nothing of the new one is left."""
    processes = [installed.pid(service) for service in SERVICES]
    with _small_opt(installed, "size=1g,nr_inodes=400"):
        code, said = _install(installed)
        assert "No space left on device" in said
        assert "not installed" in said
        assert code != 0
        assert installed.says("ls -A /opt") == ""
    assert [installed.pid(service) for service in SERVICES] == processes


def test_an_interruption_changes_nothing(installed: Host) -> None:
    """Ctrl-C while packages are installed."""
    processes = [installed.pid(service) for service in SERVICES]
    installed.says("echo '# changed' >> pyproject.toml")
    _start_installing(installed, "installing")
    eventually(lambda: installed.run("pgrep -f 'smartmeter.new/venv/bin/python -m pip'").returncode == 0, 60, "pip at work")
    _press_ctrl_c(installed, "installing")
    assert "the version that was here goes on as before" in _wait_for_its_end(installed, "installing")
    assert _traces(installed) == ""
    assert [installed.pid(service) for service in SERVICES] == processes


def test_an_interruption_at_the_end_leaves_the_new_version_alone(installed: Host) -> None:
    """Ctrl-C while the services start, of which one cannot: the old version is not kept."""
    override = "/etc/systemd/system/smartmeter@csv_logger.service.d/override.conf"
    installed.write(override, "[Service]\nExecStartPre=sleep 600\nTimeoutStartSec=infinity\n")
    installed.says("systemctl daemon-reload")
    _start_installing(installed, "installing-all")
    eventually(lambda: installed.run("test -d /opt/smartmeter.old").returncode == 0, 120, "the new version in its place")

    def is_ended() -> bool:  # the renames are not interrupted, only the wait behind them
        installed.run("systemctl kill --kill-whom=main -s INT installing-all")
        return installed.unit("installing-all", "ActiveState") == "failed"

    eventually(is_ended, 60, "the end of the installation")
    assert _traces(installed) == ""
    installed.says(f"rm {override}; systemctl daemon-reload; systemctl restart smartmeter@csv_logger")
    installed.wait_until_all_run()


def test_debian_has_another_python_after_its_upgrade(installed: Host) -> None:
    """All packages are Debian's now, but only in the old Python's folder it stands where our code is."""
    site = installed.says("cd /opt/smartmeter/venv/lib/*/site-packages && pwd")
    of_debian = installed.says("/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))'")
    installed.says(f"mkdir -p {of_debian} && cd {site} && cp -r paho serial urllib3 {of_debian}")
    installed.says(f"mv {site.removesuffix('/site-packages')} /opt/smartmeter/venv/lib/python3.1")
    assert "No module named reader" in installed.run(f"cd / && {PYTHON} -m reader --version").stderr
    code, said = _install(installed)
    assert code == 0, said
    installed.says(f"cd {of_debian} && rm -r paho serial urllib3; systemctl restart smartmeter.target")
    installed.wait_until_all_run()
    _wait_for_rows(installed)


def test_a_broker_that_does_not_take_our_settings_gets_its_own_back(installed: Host) -> None:
    """Another file contradicts ours in a way that only the broker finds."""
    listener = installed.says(f"cat {LISTENER}")
    installed.says(f"echo 'no_such_key true' >> {LISTENER}; rm /etc/mosquitto/conf.d/smartmeter.conf")
    code, said = _install(installed)
    assert "the broker does not start with our settings: Error: Unknown configuration variable no_such_key." in said
    assert code != 0
    installed.write(LISTENER, f"{listener}\n")
    assert _install(installed)[0] == 0
    _wait_for_rows(installed)


def test_a_broker_of_ones_own_is_left_alone(installed: Host) -> None:
    """BROKER=no takes the login out of the units; the next installation remembers, BROKER=yes brings it back."""
    login = "/usr/local/lib/systemd/system/smartmeter@.service.d/10-login.conf"
    for choice, is_there in (("BROKER=no", False), ("", False), ("BROKER=yes", True)):
        assert _install(installed, choice)[0] == 0
        assert (installed.run(f"test -e {login}").returncode == 0) is is_there, choice
    _wait_for_rows(installed)


# --- A power cut that is over, or a new kernel ---


def test_all_runs_by_itself_after_a_reboot(installed: Host) -> None:
    """Services, broker and page; readings come as soon as the meter sends them."""
    installed.reboot()
    installed.wait_until_all_run()
    assert installed.unit("mosquitto", "ActiveState") == "active"
    eventually(lambda: _page(installed) == "online", 60, "the page and the way to the broker")
    installed.says(f"rm -f {DATA}/meter")
    _plug_in(installed)
    _wait_for_rows(installed)


# --- The end ---


def test_it_can_be_removed_and_leaves_what_is_the_users(installed: Host) -> None:
    """Programs, units and the broker's settings go; settings, logins and data stay, and so do changes to units."""
    rows = _rows(installed)
    done = installed.run("make uninstall")
    assert done.returncode == 0
    assert "kept: /etc/smartmeter /var/lib/smartmeter /etc/mosquitto/smartmeter" in done.stderr
    gone = "/opt/smartmeter* /usr/local/lib/systemd/system/smartmeter* /etc/mosquitto/conf.d/smartmeter*"
    assert installed.says(f"ls -d {gone} /etc/systemd/system/*/smartmeter* 2>/dev/null; true") == ""
    assert installed.says("systemctl list-units --all --no-legend 'smartmeter*'") == ""
    assert _levels(installed)[-1][1] == 0
    assert _rows(installed) >= rows
    assert installed.says("stat -c %U /var/lib/smartmeter /etc/smartmeter/config.ini") == "smartmeter\nroot"
    assert installed.unit("mosquitto", "ActiveState") == "active"
    again = installed.run("make uninstall")
    assert (again.returncode, again.stderr) == (0, "smartmeter is not installed here\n")


def test_the_brokers_settings_alone_are_taken_off(installed: Host) -> None:
    """They are all that an interruption behind them leaves, and close the broker."""
    installed.says("echo 'allow_anonymous false' >/etc/mosquitto/conf.d/smartmeter.conf")
    done = installed.run("make uninstall")
    assert done.returncode == 0
    assert done.stderr.startswith("smartmeter is removed; ")
    assert installed.says("ls /etc/mosquitto/conf.d") == "README"


def test_an_installation_that_is_only_half_switched_on_says_so(installed: Host) -> None:
    """The disk is full at the last links; the next installation does what is left."""
    wants = "/etc/systemd/system/smartmeter.target.wants"
    installed.says(f"mkdir -p {wants} && mount -t tmpfs -o nr_inodes=2 tmpfs {wants}")
    code, said = _install(installed)
    installed.says(f"umount {wants}")
    assert "cannot enable the services: " in said
    assert "No space left on device" in said
    assert "the new version is in place, but not all of it is switched on; mend that, then: sudo make install" in said
    assert code != 0
    assert _traces(installed) == ""
    assert _install(installed)[0] == 0
    installed.wait_until_all_run()
    eventually(lambda: _page(installed) == "online", 60, "the page and the way to the broker")
    assert installed.run("make uninstall").returncode == 0


def test_a_user_who_was_deleted_and_is_here_again_has_all_of_it(installed: Host) -> None:
    """With another number, and without the group; data and settings still have the old numbers."""
    _pull_out(installed)
    installed.says("userdel smartmeter; useradd --system --uid 899 --gid nogroup --shell /usr/sbin/nologin smartmeter")
    assert installed.run("getent group smartmeter").returncode != 0
    code, said = _install(installed)
    assert code == 0, said
    assert installed.says(f"find {DATA} ! -user 899 -o ! -group smartmeter") == ""
    assert installed.says(f"stat -c %G {SETTINGS} {WEB_SETTINGS}") == "smartmeter\nsmartmeter"
    _plug_in(installed)
    _wait_for_rows(installed)
    assert installed.run("make uninstall").returncode == 0


def test_a_later_installation_takes_up_what_was_kept_and_what_the_checkout_has(installed: Host) -> None:
    """The listener that the user has changed, and settings anew from the checkout: over TLS, with its certificate."""
    installed.says(f"test ! -e {LISTENER} && grep -x '# mine' /etc/mosquitto/smartmeter/smartmeter-listener.conf")
    assert _install(installed)[0] == 0
    installed.says(f"grep -x '# mine' {LISTENER} && test ! -e /etc/mosquitto/smartmeter/smartmeter-listener.conf")
    installed.says("make certificates")
    installed.says(f"echo WEB_TLS=yes >> {WEB_SETTINGS} && systemctl restart {WEB}")
    eventually(lambda: _page(installed, tls="yes") == "online", 60, "the page over TLS")
    assert installed.run("make uninstall").returncode == 0
    installed.says(f"rm {SETTINGS}; mkdir -p data; touch data/smartmeter_20260101_000000.csv")
    installed.write(f"{CHECKOUT}/config.ini", f"[mqtt]\nport = 8883\ntls = yes\nca_file = ca.crt\n{CONFIG}")
    code, said = _install(installed)
    assert code == 0, said
    assert f"what was written before stays in {CHECKOUT}/data" in said
    assert installed.says("stat -c '%a %U %G' /etc/smartmeter/ca.crt") == "640 root smartmeter"
    assert "live page  https://127.0.0.1:8080;" in said
    eventually(lambda: _page(installed, tls="yes") == "online", 60, "the page, with settings and certificate of before")
    _wait_for_rows(installed)
    assert installed.run("make uninstall").returncode == 0
