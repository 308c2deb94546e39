"""The loads' part of `python -m relay_controller --check`; no relay is touched."""

import os
from collections.abc import Iterator
from pathlib import Path

from common.check import Check, ok, problem, warning
from common.check_broker import check_telegrams
from common.check_host import check_versions, nearest_folder, remedies, user_name
from common.sections import RelaySettings
from common.settings import Config
from relay_controller.driver import DriverError
from relay_controller.gpio import NoAccessError, NoLibraryError, check_access, gpio_library
from relay_controller.load import Load, Pin
from relay_controller.settings import plant_of

_SERVICE = "relay_controller"
_OTHER_DRIVER = "use a Raspberry Pi, or set driver = mqtt or none for the loads"


def checks(config: Config) -> Iterator[Check]:
    """Check telegrams, the loads, the library and the rights for those at pins, and the file of counters."""
    yield from check_versions()
    loads = plant_of(config).loads
    if not loads:
        yield ok("loads", "none is enabled")
        return
    yield from check_telegrams(config, _SERVICE)
    if any(_is_at_pin(load) for load in loads):
        yield _pins()
    yield from map(_load, loads)
    yield from _state_file(Path(config.section(RelaySettings).state_file))


def _load(load: Load) -> Check:
    what, found = f"load {load.name}", f"{load.description}{' (shadow: the relay is not touched)' if load.shadow else ''}"
    return warning(what, found, load.mend) if load.mend else ok(what, found)


def _is_at_pin(load: Load) -> bool:
    return isinstance(load.relay, Pin) and not load.shadow


def _pins() -> Check:
    try:
        library = gpio_library()
        devices = check_access(library)
    except NoLibraryError as error:
        return problem("GPIO", str(error), remedies().install_package("python3-rpi-lgpio", "gpio"))
    except NoAccessError as error:
        return problem("GPIO", str(error), _mend_access(error))
    except DriverError as error:
        return problem("GPIO", str(error), _OTHER_DRIVER)
    return ok("GPIO", f"{library.__name__} {getattr(library, 'VERSION', '')} with {devices}")


def _mend_access(error: NoAccessError) -> str:
    if error.group:
        return remedies().join_group(error.group, user_name())
    if error.device:
        rule = "look for a udev rule that closed it: grep -rE 'gpio(chip|mem)' /etc/udev/rules.d"
        return f"sudo chgrp gpio {error.device} && sudo chmod 660 {error.device}, and {rule}"
    return _OTHER_DRIVER


def _state_file(path: Path) -> Iterator[Check]:
    folder = nearest_folder(path.parent)
    is_closed = nearest_folder(path) != folder and not os.access(path, os.R_OK | os.W_OK)
    if is_closed or not os.access(folder, os.W_OK | os.X_OK):
        found = f"{path} cannot be written: counters of the loads begin anew at each start"
        yield warning("counters", found, "set [relay] state_file to a file in a folder that the service may write in")
