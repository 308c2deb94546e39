"""`make devices` writes into .env what docker-compose.yml must know of a machine."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.processes import REPOSITORY, clean_environment

CABLE = "dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A1234-if00-port0"
IS_ROOT = os.geteuid() == 0
GROUP = 20 if IS_ROOT else os.getgid()  # of the devices here


def _devices(folder: Path) -> tuple[int, str]:
    """Run the script in a checkout of its own, looking at a system of its own."""
    (folder / "scripts").mkdir(exist_ok=True)
    shutil.copy(REPOSITORY / "scripts" / "devices", folder / "scripts")
    environment = clean_environment(ROOT=str(folder))
    ended = subprocess.run([str(folder / "scripts" / "devices")], capture_output=True, text=True, check=False, env=environment)
    return ended.returncode, ended.stdout + ended.stderr


def _node(folder: Path, name: str, major: int = 0) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if major:
        os.mknod(path, stat.S_IFCHR | 0o660, os.makedev(major, 0))
    else:
        path.touch()
    os.chown(path, -1, GROUP)


def test_the_port_that_survives_a_replugging_is_taken(tmp_path: Path) -> None:
    """Its name is that of the cable, and its group that of the node behind it."""
    _node(tmp_path, "dev/ttyUSB0")
    _node(tmp_path, CABLE)
    code, said = _devices(tmp_path)
    assert code == 0
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert (tmp_path / ".env").read_text() == f"SERIAL_PORT=/{CABLE}\nSERIAL_GROUP={GROUP}\n"
    assert said == f"written into .env:\n  SERIAL_PORT=/{CABLE}\n  SERIAL_GROUP={GROUP}\nthen: docker compose up -d\n"


def test_of_several_cables_the_user_takes_the_one_of_the_meter(tmp_path: Path) -> None:
    """A Zigbee stick must not be taken for it: the reader would lock it."""
    stick = "dev/serial/by-id/usb-Dresden_ConBee_II-if00"
    _node(tmp_path, stick)
    _node(tmp_path, CABLE)
    code, said = _devices(tmp_path)
    assert code == 0
    assert (tmp_path / ".env").read_text() == f"SERIAL_GROUP={GROUP}\n"
    assert said.endswith(
        f"write its line into .env:\n  SERIAL_PORT=/{stick}\n  SERIAL_PORT=/{CABLE}\nthen: docker compose up -d\n"
    )
    (tmp_path / ".env").write_text(f"SERIAL_PORT=/{CABLE}\n")
    assert "which of these" not in _devices(tmp_path)[1]


def test_lines_of_the_user_stay(tmp_path: Path) -> None:
    """His port, his settings and the rights of the file, which may hold a token; old numbers go."""
    _node(tmp_path, "dev/ttyUSB0")
    env = tmp_path / ".env"
    env.write_text("SERIAL_PORT=/dev/ttyACM3\nSMARTMETER_INFLUX_TOKEN=a=b\nSERIAL_GROUP=99999\n")
    env.chmod(0o600)
    for _ in range(2):
        assert _devices(tmp_path)[0] == 0
        expected = f"SERIAL_PORT=/dev/ttyACM3\nSMARTMETER_INFLUX_TOKEN=a=b\nSERIAL_GROUP={GROUP}\n"
        assert env.read_text() == expected
        assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {".env", "dev", "scripts"}


@pytest.mark.skipif(not IS_ROOT, reason="only root may make device nodes")
@pytest.mark.parametrize("number", [0, 4])
def test_the_pins_of_a_raspberry_pi_are_found(number: int, tmp_path: Path) -> None:
    """Their numbers differ from kernel to kernel, and what tells the board is hidden from containers."""
    for other in range(5):
        maker = "raspberrypi,rp1-gpio" if other == number else "brcm,brcmstb-gpio"
        _text(tmp_path, f"sys/bus/gpio/devices/gpiochip{other}/of_node/compatible", maker.encode() + b"\0")
        _node(tmp_path, f"dev/gpiochip{other}", major=511 if other == number else 512)
    _text(tmp_path, "proc/device-tree/system/linux,revision", bytes.fromhex("00d04170"))
    assert _devices(tmp_path)[0] == 0
    expected = f"GPIO_GROUP={GROUP}\nGPIO_MAJOR=511\nRPI_LGPIO_CHIP={number}\nRPI_LGPIO_REVISION=d04170\n"
    assert (tmp_path / ".env").read_text() == expected


@pytest.mark.skipif(not IS_ROOT, reason="only root may make device nodes")
def test_a_revision_of_zeros_is_none(tmp_path: Path) -> None:
    """An empty one would end rpi-lgpio with a traceback."""
    _text(tmp_path, "sys/bus/gpio/devices/gpiochip0/of_node/compatible", b"raspberrypi,bcm2835-gpio\0brcm,bcm2835-gpio\0")
    _node(tmp_path, "dev/gpiochip0", major=511)
    _text(tmp_path, "proc/device-tree/system/linux,revision", bytes(4))
    assert _devices(tmp_path)[0] == 0
    assert (tmp_path / ".env").read_text() == f"GPIO_GROUP={GROUP}\nGPIO_MAJOR=511\nRPI_LGPIO_CHIP=0\n"


def test_other_ways_to_write_a_line_are_known(tmp_path: Path) -> None:
    """As Compose knows them."""
    _node(tmp_path, "dev/ttyUSB0")
    env = tmp_path / ".env"
    env.write_text("  export SERIAL_PORT=/dev/ttyACM3\nexport SERIAL_GROUP = 5\n")
    assert _devices(tmp_path)[0] == 0
    assert env.read_text() == f"  export SERIAL_PORT=/dev/ttyACM3\nSERIAL_GROUP={GROUP}\n"


def test_a_link_in_the_place_of_env_stays_one(tmp_path: Path) -> None:
    """The file may be kept elsewhere."""
    _node(tmp_path, "dev/ttyUSB0")
    kept = tmp_path / "dev" / "kept"
    kept.touch()
    (tmp_path / ".env").symlink_to(kept)
    assert _devices(tmp_path)[0] == 0
    assert (tmp_path / ".env").readlink() == kept
    assert kept.read_text() == f"SERIAL_PORT=/dev/ttyUSB0\nSERIAL_GROUP={GROUP}\n"


def test_a_folder_in_the_place_of_env_is_told(tmp_path: Path) -> None:
    """Docker makes one where a file that it should mount is missing."""
    _node(tmp_path, "dev/ttyUSB0")
    (tmp_path / ".env").mkdir()
    code, said = _devices(tmp_path)
    assert code == 1
    assert "directory" in said
    assert not list((tmp_path / ".env").iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {".env", "dev", "scripts"}


@pytest.mark.skipif(not IS_ROOT, reason="only root may give files away")
def test_with_sudo_the_file_belongs_to_who_has_the_folder(tmp_path: Path) -> None:
    """Else docker compose, run by him, could not read it; a new file as well as one that is there."""
    _node(tmp_path, "dev/ttyUSB0")
    os.chown(tmp_path, 1234, 1235)
    for _ in range(2):
        assert _devices(tmp_path)[0] == 0
        status = (tmp_path / ".env").stat()
        assert (status.st_uid, status.st_gid) == (1234, 1235)


@pytest.mark.skipif(not IS_ROOT, reason="only root has devices that nobody else may use")
def test_a_device_of_root_alone_is_told(tmp_path: Path) -> None:
    """A container does not get root's group, which would open more than the device."""
    _node(tmp_path, "dev/ttyUSB0")
    os.chown(tmp_path / "dev/ttyUSB0", 0, 0)
    (tmp_path / ".env").write_text("SERIAL_GROUP=0\n")
    code, said = _devices(tmp_path)
    assert code == 0
    assert "/dev/ttyUSB0 belongs to root alone; a udev rule has to give it to a group\n" in said
    for _ in range(2):  # the second time there is nothing new
        assert (tmp_path / ".env").read_text() == "SERIAL_PORT=/dev/ttyUSB0\n"
        code, said = _devices(tmp_path)
        assert code == 0
        assert "neither" not in said


def _text(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_a_machine_without_any_is_told(tmp_path: Path) -> None:
    """Nothing is written then."""
    assert _devices(tmp_path) == (1, "neither a serial port nor GPIO pins here: plug the P1 cable in, and try again\n")
    assert not (tmp_path / ".env").exists()
