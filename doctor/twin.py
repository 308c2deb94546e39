"""The check of an installed service, in a unit of its own with the rights, settings and login of the service's unit."""

import os
import shlex

from doctor.installation import CHECK, INSTALLED_CONFIG, Question
from doctor.unit import Unit, assigned, unit_of

PYTHON = "/opt/smartmeter/venv/bin/python"
_CREDENTIALS = "/run/credentials/"
_LONGEST_S = 180
# What a unit may do, so that the check meets what the service meets.
RIGHTS = (
    "User", "Group", "SupplementaryGroups", "StateDirectory", "ProtectSystem", "ProtectHome", "ReadWritePaths",
    "PrivateDevices", "DevicePolicy", "DeviceAllow",
)  # fmt: skip
# Where its settings and secrets are. Of the second `systemctl show` prints no values: they are in the unit's files.
SETTINGS = ("Environment", "EnvironmentFiles")
SECRETS = ("LoadCredential", "LoadCredentialEncrypted", "ImportCredential", "SetCredential", "SetCredentialEncrypted")
_HAS_ERRORS_IGNORED = " (ignore_errors=yes)"
# As the services: a folder to write in, for lgpio makes a pipe where it is started.
_FOLDER = ("PrivateTmp=yes", "WorkingDirectory=/tmp")


def question_of(service: str, unit: Unit, files: str) -> Question:
    """Give the command; `files` is the text of the unit's files. It has no value of a variable: `ps` would show that.

    It has that of `SetCredential=`, which systemd itself shows to everybody (systemd.exec(5)).
    """
    given = dict(word.partition("=")[::2] for word in shlex.split(" ".join(unit.get("Environment", []))))
    # The check's unit has a folder of credentials of its own.
    exports = {name: value.rpartition("/")[2] for name, value in given.items() if value.startswith(_CREDENTIALS)}
    environment = {name: value for name, value in given.items() if name not in exports}
    options = [f"{name}={value}" for name in RIGHTS for value in unit.get(name, []) if value]
    options += [f"EnvironmentFile={_file(one)}" for one in unit.get("EnvironmentFiles", []) if one]
    options += [f"{name}={value}" for name, value in assigned(files, service, SECRETS)]
    options += [f"RuntimeMaxSec={_LONGEST_S}", *_FOLDER]
    twin = f"smartmeter-check-{service}-{os.getpid()}.service"
    sets = "".join(f'export {name}="$CREDENTIALS_DIRECTORY/{file}"; ' for name, file in exports.items())
    check = shlex.join([PYTHON, "-m", service, "-c", INSTALLED_CONFIG, *CHECK])
    command = (
        *("systemd-run", "--quiet", "--pipe", "--wait", "--collect", f"--unit={twin}"),
        *(word for option in options for word in ("-p", option)),
        *(f"--setenv={one}" for one in environment),  # its value comes from systemd-run's own environment
        *("/bin/sh", "-c", f"{sets}exec {check}"),
    )
    log = f"look at its log: journalctl -u {unit_of(service).removesuffix('.service')} -n 50"
    return Question(command, log, environment, ("systemctl", "stop", "--no-block", twin))


def _file(shown: str) -> str:
    """Write as in a unit's file what `systemctl show` says of a file of variables."""
    is_optional = shown.endswith(_HAS_ERRORS_IGNORED)
    return f"{'-' if is_optional else ''}{shown.partition(' (ignore_errors=')[0]}"
