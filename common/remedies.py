"""The commands that mend what a check found, by the way in which smartmeter was installed."""

from dataclasses import dataclass
from enum import Enum

_LOOPBACK = ("127.", "localhost", "::1")


class Place(Enum):
    """Where a service runs."""

    CONTAINER = "container"
    SYSTEM = "system"  # installed with `make install`, run by systemd
    CHECKOUT = "checkout"


@dataclass(frozen=True, slots=True)
class Remedies:
    """What to do at one place, each in one line. `has_mosquitto`: whether this machine has the broker's program."""

    place: Place
    has_mosquitto: bool = True

    def start_broker(self, host: str) -> str:
        """Say how to start the broker that the settings name."""
        if self.place is Place.CONTAINER:
            return "docker compose up -d mosquitto"
        if not host.startswith(_LOOPBACK):
            return f"start the broker on {host}, let it listen to other machines, or correct [mqtt] host and port"
        return "sudo systemctl start mosquitto" if self.has_mosquitto else "sudo apt install mosquitto"

    @property
    def renew_logins(self) -> str:
        """Say how to make logins and rights of the services anew."""
        if self.place is Place.CONTAINER:
            return "docker compose up -d --force-recreate"
        if self.place is Place.SYSTEM:
            return "sudo make install"
        return "correct [mqtt] username and password, and the broker's ACL file"

    @property
    def renew_certificate(self) -> str:
        """Say how to make the broker's certificate anew."""
        return "sudo make certificates" if self.place is Place.SYSTEM else "make certificates"

    def install_package(self, debian: str, group: str) -> str:
        """Say how to get a Python package: Debian's name of it, and the group in pyproject.toml."""
        if self.place is Place.CONTAINER:
            return "docker compose build --pull && docker compose up -d"
        if self.place is Place.SYSTEM:
            return f"sudo apt install {debian} && sudo make install"
        return f".venv/bin/pip install --group {group} (or: sudo apt install {debian})"

    def join_group(self, group: str, user: str) -> str:
        """Say how a user becomes a member of a group."""
        if self.place is Place.CONTAINER:
            return f"add the host's number of the group {group} to group_add of the service in docker-compose.yml"
        if self.place is Place.SYSTEM:
            return f"sudo usermod -aG {group} {user}, then restart the service: sudo systemctl restart 'smartmeter@*'"
        return f"sudo usermod -aG {group} {user}, then log in anew"

    def open_settings(self, file: str, group: str) -> str:
        """Say how a group gets the right to read a file of settings, or to enter its folder."""
        if self.place is Place.CONTAINER:
            return "chmod a+r config.ini (or what CONFIG_FILE in .env names)"
        return f"sudo chgrp {group} {file} && sudo chmod g+rX {file}"

    @property
    def set_port(self) -> str:
        """Name the setting of the meter's port, up to its value."""
        return "SERIAL_PORT=" if self.place is Place.CONTAINER else "[serial] port = "

    @property
    def set_clock(self) -> str:
        """Say how the machine gets the right time."""
        return "sudo timedatectl set-ntp true"
