"""Who else has the reader's port open: a service may not see programs of other users, and the doctor as root may."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from common.check import Check
from common.check_host import remedies
from common.holder import judge_holder
from common.port_holders import PROC, holders_of

_WHAT = "port "  # with which the reader's answers about its port begin


def check_holders(answers: Iterable[Check], proc: Path = PROC) -> Iterator[Check]:
    """Name the programs beside the reader that have the port open of which the reader's answers tell."""
    ports = dict.fromkeys(check.what.removeprefix(_WHAT) for check in answers if check.what.startswith(f"{_WHAT}/"))
    for port in ports:
        try:
            holders = list(holders_of(Path(port), proc))
        except OSError:  # it is not there, of which the reader's answers tell
            continue
        login_off = remedies().login_off(Path(port).resolve().name)
        yield from (judge_holder(port, holder, login_off) for holder in holders if not holder.is_reader)
