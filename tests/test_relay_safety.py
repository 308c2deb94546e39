"""Pins that a crash has left on, and settings that have changed or cannot be read since: processes, with a real broker."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.broker import Broker
from tests.support.listener import Listener
from tests.support.processes import Service, running
from tests.test_relay_controller import write_pins

pytestmark = pytest.mark.broker

BOILER = "[load:boiler]\ndriver = gpio\npin = 17\n"
MOVED = BOILER.replace("17", "18")
OTHERWISE = BOILER + "active_low = yes\n"
# The level register of a pin, as the stand-in for RPi.GPIO is asked to set it.
SAFE, SAFE_AS_OUTPUT = "setup (17, 0) {'initial': 0}", "output (17, 0)"
SAFE_18 = "output (18, 0)"


class Loads:
    """One place of settings and state, and the processes that work there."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.config = folder / "config.ini"
        self._folder = folder
        self._base = f"rs-{folder.name}"
        self._broker = broker
        write_pins(folder, "    pass\n", "    pass\n")

    def write(self, loads: str) -> None:
        """Write the settings."""
        broker = f"host = {self._broker.host}\nport = {self._broker.port}\nbase_topic = {self._base}"
        self.config.write_text(f"[mqtt]\n{broker}\n{loads}", encoding="utf-8")

    @contextmanager
    def process(self, *options: str, name: str = "log", **variables: str) -> Iterator[Service]:
        """Start relay_controller."""
        command = ["relay_controller", "-c", str(self.config), *options]
        with running(command, self._folder / name, None, PYTHONPATH=str(self._folder), **variables) as service:
            yield service

    def ended(self, *options: str, code: int = 0, **variables: str) -> str:
        """Run relay_controller to its end; give what it said."""
        with self.process(*options, **variables) as service:
            assert service.ends() == code, service.log
            return service.log

    @contextmanager
    def on(self, **variables: str) -> Iterator[Service]:
        """Have the boiler on."""
        with Listener(self._broker, f"{self._base}/#") as listener, self.process(name="on", **variables) as service:
            topic = f"{self._base}/home/load/boiler"
            listener.wait_for(f"{topic}/state", b"OFF")
            listener.publish(f"{topic}/set", "ON")
            listener.wait_for(f"{topic}/state", b"ON")
            service.wait_for_log("output (17, 1)")
            yield service

    def crash(self, **variables: str) -> None:
        """Leave the boiler on, by a process that is gone."""
        self.write(BOILER)
        with self.on(**variables) as service:
            service.process.kill()
            service.process.wait()


@pytest.fixture
def loads(broker: Broker, tmp_path: Path) -> Loads:
    """Give a place with good settings and no process."""
    return Loads(broker, tmp_path)


@pytest.mark.parametrize(
    ("now", "says"),
    [
        pytest.param(f"{BOILER}[csv]\nmax_agee = 1\n", "[csv] max_agee: unknown key", id="another service's key"),
        pytest.param(f"{BOILER}active_low = maybe\n", "[load:boiler] active_low: expected yes or no", id="its own key"),
        pytest.param(f"{BOILER}active_low: yes\n", "expected key = value", id="a line"),
        pytest.param("[load:boiler]\ndriver = gpio\n", "pin: expected a BCM pin number", id="its pin is gone"),
        pytest.param("[load:boiler]\npin = 17\n\0\x80", "not UTF-8 text", id="unreadable"),
        pytest.param(None, "No such file", id="gone"),
    ],
)
@pytest.mark.parametrize("options", [["--safe"], []])
def test_a_load_is_safe_after_a_crash_whatever_is_wrong_with_the_settings(
    loads: Loads, tmp_path: Path, now: str | None, says: str, options: list[str]
) -> None:
    """By `--safe`, which systemd runs, and by the next start, which is all that Docker has; both end with exit code 2."""
    state = str(tmp_path / "state")
    loads.crash(STATE_DIRECTORY=state)
    if now is None:
        loads.config.unlink()
    elif "\0" in now:
        loads.config.write_bytes(now.encode("latin-1"))
    else:
        loads.write(now)
    said = loads.ended(*options, code=2, STATE_DIRECTORY=state)
    assert SAFE in said
    assert SAFE_AS_OUTPUT in said
    assert "(17, 1)" not in said
    assert "load boiler: off (pin 17)" in said
    assert says in said


@pytest.mark.parametrize("options", [["--safe"], []])
def test_without_a_folder_for_state_the_settings_lead_to_the_record(loads: Loads, options: list[str]) -> None:
    """Started by hand: it lies beside the state file."""
    loads.crash()
    loads.write("[relay]\nsettel = 1\n")
    assert SAFE_AS_OUTPUT in loads.ended(*options, code=2)


@pytest.mark.parametrize(
    "now", ["", f"{BOILER}enabled = no\n", f"{BOILER}shadow = yes\n", MOVED, "[load:boiler]\ndriver = none\n"]
)
def test_a_pin_that_no_load_uses_any_more_is_made_safe(loads: Loads, now: str) -> None:
    """After a crash: the settings say nothing of it, or of another one."""
    loads.crash()
    loads.write(now)
    said = loads.ended("--safe")
    assert SAFE_AS_OUTPUT in said
    assert (SAFE_18 in said) is (now == MOVED)


@pytest.mark.parametrize(("now", "begun"), [("", "nothing to do"), (MOVED, "setup (18, 0)")])
def test_a_start_makes_such_a_pin_safe_and_forgets_it(loads: Loads, now: str, begun: str) -> None:
    """Once: another program may have the pin from then on."""
    loads.crash()
    loads.write(now)
    for expected in (True, False):
        with loads.process() as service:
            service.wait_for_log(begun)
            assert (SAFE_AS_OUTPUT in service.log) is expected
            assert service.stop() == 0


def test_what_the_settings_say_of_a_pin_counts_more_than_the_record(loads: Loads) -> None:
    """A relay board that is on when the pin is low has taken the place of the other one."""
    loads.crash()
    loads.write(OTHERWISE)
    said = loads.ended("--safe")
    assert "output (17, 1)" in said
    assert "(17, 0)" not in re.sub(r"setup \(17, 0\)", "", said)


def test_a_pin_that_fails_stays_recorded_and_keeps_no_load_waiting(loads: Loads, tmp_path: Path) -> None:
    """Another program has it now."""
    loads.crash()
    loads.write(MOVED)
    library = tmp_path / "RPi" / "GPIO.py"
    good = library.read_text(encoding="utf-8")
    library.write_text(good.replace("    pass\n", "    if pin == 17: raise RuntimeError('busy')\n"), encoding="utf-8")
    with loads.process() as service:
        service.wait_for_log("setup (18, 0)")
        words = "load boiler is not at pin 17 any more, which was not made safe: cannot use GPIO pin 17: busy"
        assert words in service.log
        assert service.stop() == 0
    library.write_text(good, encoding="utf-8")
    assert SAFE_AS_OUTPUT in loads.ended("--safe")


def test_wrong_settings_move_no_relay_of_a_process_that_runs(loads: Loads, tmp_path: Path) -> None:
    """Someone starts a second one, by mistake and with a mistake in its settings; a check moves none either."""
    state = str(tmp_path / "state")
    loads.write(BOILER)
    with loads.on(STATE_DIRECTORY=state) as service:
        loads.write(f"{BOILER}[csv]\nmax_agee = 1\n")
        assert "setup" not in loads.ended(code=2, STATE_DIRECTORY=state)
        service.process.kill()
        service.process.wait()
        assert "setup" not in loads.ended("--check", code=2, STATE_DIRECTORY=state)
        assert SAFE_AS_OUTPUT in loads.ended(code=2, STATE_DIRECTORY=state)


def test_without_a_record_good_sections_are_enough(loads: Loads) -> None:
    """What is wrong elsewhere says nothing of the pins; of a load that is wrong itself nothing is guessed."""
    loads.write(f"{BOILER}[csv]\nmax_agee = 1\n")
    assert SAFE_AS_OUTPUT in loads.ended("--safe", code=2)
    loads.write(f"{BOILER}active_low = maybe\n")
    assert "setup" not in loads.ended("--safe", code=2)


def test_the_record_is_there_before_a_relay_is_touched(loads: Loads, tmp_path: Path) -> None:
    """A process that is ended at its first touch has left it."""
    library = tmp_path / "RPi" / "GPIO.py"
    good = library.read_text(encoding="utf-8")
    library.write_text(good.replace("    pass\n", "    import os; os._exit(9)\n", 1), encoding="utf-8")
    loads.write(BOILER)
    loads.ended(code=9)
    library.write_text(good, encoding="utf-8")
    loads.write("")
    assert SAFE_AS_OUTPUT in loads.ended("--safe")
