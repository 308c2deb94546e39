"""The commands that mend what a check found, by the way in which smartmeter was installed."""

from dataclasses import dataclass
from enum import Enum

_LOOPBACK = ("127.", "localhost", "::1")
_CONSOLE_OFF = "sudo raspi-config nonint do_serial_cons 1, then sudo reboot"
_CONTAINER = "mosquitto"  # name of the broker's own
_CONTAINER_GROUP = 990  # of the user of our image


class Place(Enum):
    """Where a service runs."""

    CONTAINER = "container"
    SYSTEM = "system"  # installed with `make install`, run by systemd
    CHECKOUT = "checkout"


@dataclass(frozen=True, slots=True)
class Remedies:
    """What to do at one place, each in one line.

    `has_mosquitto`: whether this machine has the broker's program. `has_our_login`: whether the password for the broker is one
    that we made, and not the user's own of another broker. `has_raspi_config`: whether the machine is a Raspberry Pi with that.
    """

    place: Place
    has_mosquitto: bool = True
    has_our_login: bool = False
    has_raspi_config: bool = True

    def start_broker(self, host: str) -> str:
        """Say how to start the broker that the settings name."""
        if self.place is Place.CONTAINER and host == _CONTAINER:
            return f"docker compose up -d {_CONTAINER}"
        if self.place is Place.CONTAINER and host.startswith(_LOOPBACK):
            return "correct [mqtt] host: this address is that of the container itself"
        if not host.startswith(_LOOPBACK):
            return f"start the broker on {host}, let it listen to other machines, or correct [mqtt] host and port"
        return "sudo systemctl start mosquitto" if self.has_mosquitto else "sudo apt install mosquitto"

    def mend_login(self, host: str) -> str:
        """Say what makes the broker at a host take the login of this service."""
        return self._renew_logins(host) or "correct [mqtt] username and password"

    def grant(self, rights: str, host: str) -> str:
        """Say what gives this service rights at the broker: `rights` is as "read smartmeter/home/telegram"."""
        return self._renew_logins(host) or f"let this login {rights} in the broker's ACL file"

    @property
    def renew_logins(self) -> str:
        """Say how logins and rights are made anew, of the broker that is installed with us."""
        return "docker compose up -d --force-recreate" if self.place is Place.CONTAINER else "sudo make install"

    def _renew_logins(self, host: str) -> str:
        """Say how those of the broker at a host are; empty where it is one of the user's own."""
        if not self.has_our_login or self.place is Place.CHECKOUT:
            return ""
        if self.place is Place.CONTAINER:
            return self.renew_logins if host == _CONTAINER else ""
        if host.startswith(_LOOPBACK):
            return self.renew_logins
        other = "sudo make install BROKER=no, and its login into [mqtt] username and password"
        return f"sudo make install, if that is the broker of this machine; if it is another one: {other}"

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
            return "make devices, then: docker compose up -d"  # it writes the host's number of the group
        if self.place is Place.SYSTEM:
            return f"sudo usermod -aG {group} {user}, then restart the service: sudo systemctl restart 'smartmeter@*'"
        return f"sudo usermod -aG {group} {user}, then log in anew"

    def open_settings(self, file: str, group: str) -> str:
        """Say how a group gets the right to read a file of settings, or to enter its folder."""
        if self.place is Place.CONTAINER:
            opened = f"sudo chgrp {_CONTAINER_GROUP} config.ini && chmod 640 config.ini"  # tokens are nobody else's business
            return f"{opened} (or what CONFIG_FILE in .env names)"
        return f"sudo chgrp {group} {file} && sudo chmod g+rX {file}"

    def login_off(self, device: str) -> str:
        """Say what ends the login that the machine offers on one of its ports, as "ttyS0"."""
        return _CONSOLE_OFF if self.has_raspi_config else f"sudo systemctl mask --now serial-getty@{device}"

    def console_off(self, console: str) -> str:
        """Say what ends the console of the kernel on a port: `console` is the word of its command line."""
        if self.has_raspi_config:
            return _CONSOLE_OFF
        return f"take {console} out of the kernel's command line (/etc/default/grub; sudo update-grub), then reboot"

    @property
    def uart_on(self) -> str:
        """Say how a Raspberry Pi gets the port of its own pins; empty where that is not known."""
        return "sudo raspi-config nonint do_serial_hw 0, then sudo reboot" if self.has_raspi_config else ""

    @property
    def set_port(self) -> str:
        """Name the setting of the meter's port, up to its value."""
        return "SERIAL_PORT=" if self.place is Place.CONTAINER else "[serial] port = "

    @property
    def set_clock(self) -> str:
        """Say how the machine gets the right time."""
        return "sudo timedatectl set-ntp true"
