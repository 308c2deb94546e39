"""What `--check` looks at on the machine itself: the versions of Python and its packages, and the clock."""

import grp
import os
import pwd
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from common.check import Check, ok, problem, warning
from common.remedies import Place, Remedies
from common.version import VERSION

_INSTALLED = Path("/opt/smartmeter")  # by `make install`, and in the image
_RUN_BY_SYSTEMD = Path("/run/systemd/system")  # sd_booted(3)
_KERNEL_OF_PI = "+rpt-rpi-"  # Raspberry Pi OS since Debian 12: 6.12.25+rpt-rpi-v8
_FIRST_YEAR = 2024  # before it no smartmeter was there: a Pi without a battery begins in 1970, or at its last shutdown
_TIME_ERROR = 5  # adjtimex(2): nobody has set the clock by a better one
_TIMEX_BYTES = 512  # more than struct timex has anywhere


def remedies() -> Remedies:
    """Find out where this process runs."""
    is_installed = Path(__file__).is_relative_to(_INSTALLED)
    installed = Place.SYSTEM if _RUN_BY_SYSTEMD.exists() else Place.CONTAINER
    place = installed if is_installed else Place.CHECKOUT
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin")
    return Remedies(
        place,
        has_mosquitto=program is not None,
        has_our_login=has_our_login(os.environ),
        has_raspi_config=_has_raspi_config(place),
    )


def has_our_login(environment: Mapping[str, str]) -> bool:
    """Tell whether a service has the password that we made for it: as our unit gives it, or docker-compose.yml."""
    file = environment.get("SMARTMETER_MQTT_PASSWORD_FILE")
    return file in {"/login/password", f"{environment.get('CREDENTIALS_DIRECTORY')}/mqtt_password"}


def _has_raspi_config(place: Place) -> bool:
    """Find out whether this is Raspberry Pi OS: a container knows of the machine around it the kernel alone."""
    return _KERNEL_OF_PI in os.uname().release if place is Place.CONTAINER else shutil.which("raspi-config") is not None


def user_name() -> str:
    """Name the user of this process; by number where the machine has no name for it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def group_name() -> str:
    """Name the group of this process; by number where the machine has no name for it."""
    try:
        return grp.getgrgid(os.getegid()).gr_name
    except KeyError:
        return str(os.getegid())


def nearest_folder(path: Path) -> Path:
    """Give the path, or the first folder above it that is there; what is in a folder closed to this user is not there."""
    absolute = path.absolute()
    return next(one for one in (absolute, *absolute.parents) if os.path.exists(one))  # noqa: PTH110 -- Path's own raises there


def check_versions(*packages: str) -> Iterator[Check]:
    """Name the versions of smartmeter, Python and paho-mqtt, and of a service's own packages."""
    yield ok("versions", f"smartmeter {VERSION}, Python {sys.version.split()[0]}, {_named('paho-mqtt')}")
    if packages:
        yield ok("packages", ", ".join(map(_named, packages)))


def _named(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 -- 1 MB that only a check needs

    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:  # its files were copied in by hand
        return f"{package} of unknown version"


def check_clock() -> Check:
    """Look at the clock: telegrams are fresh or old by it."""
    now = datetime.now(UTC)
    return judge_clock(now, is_synchronised=_is_synchronised())


def judge_clock(now: datetime, *, is_synchronised: bool | None) -> Check:
    """Judge the host's time; `is_synchronised` is None where the system does not tell."""
    mend = remedies().set_clock
    if now.year < _FIRST_YEAR:
        return problem("clock", f"it was never set: it says {now:%Y-%m-%d %H:%M} UTC", mend)
    if is_synchronised is False:
        return warning("clock", "nothing keeps it right (no time server)", mend)
    return ok("clock", "set by a time server" if is_synchronised else "set")


def _is_synchronised() -> bool | None:
    """Ask the kernel; whoever keeps the clock (systemd-timesyncd, chrony, ntpd) tells it."""
    import ctypes  # noqa: PLC0415 -- only a check needs it

    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR
