"""What is wrong with a serial port before anything is heard on it, and what mends it."""

from collections.abc import Iterator
from dataclasses import dataclass

from common.check import Check, ok, problem, warning
from common.holder import Holder, judge_holder
from common.remedies import Place, Remedies

_TERMINAL_GROUP = "tty"  # which a login console gives its port
_OFFLINE = "offline"  # first word of a reader without a broker
_CHANGING_NAMES = ("/dev/ttyUSB", "/dev/ttyACM")
_CABLES = ("/dev/serial/by-id/", *_CHANGING_NAMES)
_OWN_PORTS = {"/dev/serial0", "/dev/ttyAMA0", "/dev/ttyS0"}  # of a Raspberry Pi, at the pins of its header


@dataclass(frozen=True, slots=True)
class PortFacts:
    """All of it. Without `exists` the rest but `others` is empty."""

    port: str
    exists: bool
    others: tuple[str, ...] = ()  # serial ports of this machine, lasting names first
    is_serial: bool = False
    may_open: bool = False
    user: str = ""  # of this process
    group: str = ""  # of the device
    group_may_open: bool = False
    is_member: bool = False  # the user is in that group, by the list of the machine
    has_group: bool = False  # this process has that group
    lasting_name: str = ""  # under /dev/serial/by-id
    device: str = ""  # name of the device itself, where the port's is that of a link: ttyAMA0
    console: str = ""  # what the kernel's command line says of it
    holders: tuple[Holder, ...] = ()  # as far as this process may see


def judge_port(facts: PortFacts, here: Remedies) -> Iterator[Check]:
    """Judge a port; where it has no problem it can be opened."""
    what = f"port {facts.port}"
    if not facts.exists:
        yield problem(
            what, f"it does not exist; serial ports here: {', '.join(facts.others) or 'none'}", _other_port(facts, here)
        )
        return
    if not facts.is_serial:
        yield problem(what, "it is no serial port", _other_port(facts, here))
        return
    if facts.console:
        yield problem(what, f"the kernel writes its console to it ({facts.console})", here.console_off(facts.console))
    if not facts.may_open:
        yield problem(what, _why_not(facts), _mend_rights(facts, here))
    if facts.lasting_name and facts.port.startswith(_CHANGING_NAMES):
        found = "this name may be another device's after replugging"
        yield warning("name of the port", found, f"{here.set_port}{facts.lasting_name}")
    login_off = here.login_off(facts.device)
    yield from (judge_holder(facts.port, holder, login_off) for holder in facts.holders if not holder.is_reader)


def by_reader(
    port: str,
    holder: Holder | None,
    here: Remedies,
    well: bool | None,  # noqa: FBT001 -- as the health file
    words: str,
) -> Check:
    """Judge a port that smartmeter's own reader reads: by what that one says of itself (None: nothing is known)."""
    what = f"port {port}"
    who = f"the running reader has it{f' (process {holder.process})' if holder else ''}"
    if well is None:
        return ok(what, f"{who}; stop it to listen here")
    if well:
        return ok(what, f"{who}, and hears telegrams")
    if words.partition(":")[0] == _OFFLINE:  # what it hears it cannot tell, and the answers about the broker say why
        return ok(what, f"{who}, and is {words}; see the broker")
    stop = {
        Place.CONTAINER: "docker compose stop reader && docker compose run --rm reader python3 -m reader -c "
        "/etc/smartmeter/config.ini --check",
        Place.SYSTEM: "sudo systemctl stop smartmeter@reader && sudo make doctor",
        Place.CHECKOUT: "stop it, then: make doctor",
    }
    return problem(what, f"{who}: {words}", f"to listen at other speeds too: {stop[here.place]}")


def _why_not(facts: PortFacts) -> str:
    if facts.group == _TERMINAL_GROUP:
        return "a login console has it (group tty)"
    if facts.group_may_open and facts.is_member and not facts.has_group:
        return f"no right to read it: {facts.user} is in its group {facts.group}, but not since this program was started"
    if facts.group_may_open and not facts.has_group:
        return f"no right to read it: {facts.user} is not in its group {facts.group}"
    return f"no right to read it: it is open to nobody but its owner (group {facts.group})"


def _mend_rights(facts: PortFacts, here: Remedies) -> str:
    if facts.group == _TERMINAL_GROUP:
        return here.login_off(facts.device)
    if facts.group_may_open and facts.is_member and not facts.has_group:
        return "sudo systemctl restart smartmeter@reader" if here.place is Place.SYSTEM else "log in anew"
    if facts.group_may_open and not facts.has_group:
        return here.join_group(facts.group, facts.user)
    return f"sudo chmod 660 {facts.port}, and look for a udev rule that closed it: grep -r tty /etc/udev/rules.d"


def _other_port(facts: PortFacts, here: Remedies) -> str:
    if facts.port in _OWN_PORTS and not facts.exists and here.uart_on:
        cable = next((f"; or {here.set_port}{one}" for one in facts.others if one.startswith(_CABLES)), "")
        return f"{here.uart_on}{cable}"
    if facts.others:
        return f"{here.set_port}{facts.others[0]}"
    return "plug the P1 cable in, then: ls /dev/serial/by-id /dev/ttyUSB*"
