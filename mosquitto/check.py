"""What `check` looks at: logins, rights and certificate of the broker, in its files. It changes nothing."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

from common.check import Check, ok, problem, warning
from common.remedies import Place, Remedies
from common.secret_files import FileTroubleError, exclusively, read_file
from mosquitto.access import Places, read_kept
from mosquitto.acl import Names
from mosquitto.kept import Kept, login_faults, right_faults
from mosquitto.settings_file import Wanted
from mosquitto.topic_names import Use, uses_of

_LOGINS, _CERTIFICATE = "logins and rights of the broker", "certificate of the broker"
_SOON = timedelta(days=30)
_TOLD = 3  # of several faults


def check_logins(places: Places, wanted: Wanted, here: Remedies) -> Iterator[Check]:
    """Look whether the files have what the settings give."""
    mend = "the same once more with set-up in place of check" if here.place is Place.CHECKOUT else here.renew_logins
    for note in wanted.notes:
        yield warning(_LOGINS, note, f"edit {note.partition(': ')[0]}")
    if not places.broker.is_dir():
        yield problem(_LOGINS, f"there are none: {places.broker} is not there", mend)
        return
    try:
        with exclusively(places.broker):
            kept = read_kept(places)
    except FileTroubleError as error:
        yield problem(_LOGINS, *_parted(error))
        return
    yield judge_logins(kept, wanted.names, [*uses_of(wanted.names, wanted.loads)], mend)


def judge_logins(kept: Kept, names: Names, uses: Sequence[Use], mend: str) -> Check:
    """Judge logins and rights by what is kept of them and what the settings give."""
    faults = [*login_faults(kept)]
    if rights := right_faults(kept, names, uses):
        faults.append(f"the rights are those of other settings: {_told(rights)}")
    if faults:
        return problem(_LOGINS, _told(faults), mend)
    people = len(kept.roles)
    return ok(_LOGINS, f"as the settings give them; besides the services {people} {'login' if people == 1 else 'logins'}")


def check_certificate(places: Places, here: Remedies) -> Iterator[Check]:
    """Look when the broker's certificate ends; nothing is said where there is none."""
    try:
        certificate = read_file(places.broker / "server.crt")
    except FileTroubleError as error:
        yield problem(_CERTIFICATE, *_parted(error))
        return
    if certificate is None:
        return
    if find_spec("cryptography") is None:
        found = "its end is not known: the package cryptography is missing"
        yield warning(_CERTIFICATE, found, here.install_package("python3-cryptography", "decrypt"))
        return
    from mosquitto.certificates import CertificateError, expiry  # noqa: PLC0415 -- only who uses TLS needs cryptography

    try:
        yield judge_certificate(expiry(certificate), datetime.now(UTC), here.renew_certificate)
    except CertificateError as error:
        yield problem(_CERTIFICATE, str(error), here.renew_certificate)


def judge_certificate(end: datetime, now: datetime, mend: str) -> Check:
    """Judge a certificate by its end."""
    if end <= now:
        return problem(_CERTIFICATE, f"it expired on {end:%Y-%m-%d}: no client takes it any more", mend)
    if end - now < _SOON:
        return warning(_CERTIFICATE, f"it expires on {end:%Y-%m-%d}: no client takes it afterwards", mend)
    return ok(_CERTIFICATE, f"until {end:%Y-%m-%d}")


def _told(faults: Sequence[str]) -> str:
    more = len(faults) - _TOLD
    return ", ".join(faults[:_TOLD]) + (f" and {more} more" if more > 0 else "")


def _parted(error: FileTroubleError) -> tuple[str, str]:
    """Part what was found and what mends it."""
    found, _, mend = str(error).partition("; ")
    return found, mend or "correct it, or restore it from a backup"
