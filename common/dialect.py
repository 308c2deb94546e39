"""Where dialects differ in meaning, and how a telegram shows which it is. The identification helps nobody: it only looks so."""

from collections.abc import Set as AbstractSet
from enum import Enum

from common.obis import TIME_CODE

# Each of them comes from a meter of DSMR 4 or later, or of a standard derived from it: those always add a checksum.
_CODES_WITH_CHECKSUM = frozenset({"0-0:1.0.0", "0-0:96.1.4", "1-3:0.2.8", "0-0:42.0.0"})

_TARIFF, _TIME, _VERSION_DSMR, _VERSION_EMUCS, _DEVICE_NAME = (
    "0-0:96.14.0",
    "0-0:1.0.0",
    "1-3:0.2.8",
    "0-0:96.1.4",
    "0-0:42.0.0",
)
_TOTAL = "1-0:1.8.0"
_FOUR_TARIFFS = frozenset({_TOTAL, "1-0:1.8.1", "1-0:1.8.2", "1-0:1.8.3", "1-0:1.8.4"})
_NOT_LITHUANIAN = frozenset({_TARIFF, _VERSION_DSMR, _VERSION_EMUCS, _DEVICE_NAME})


class Dialect(Enum):
    """Recognised from the telegram; `[meter] dialect` overrides it."""

    AUTO = "auto"
    BELGIAN = "belgian"  # register and tariff 1 are the normal tariff, day: so with every meter that is not Dutch
    DUTCH = "dutch"  # register and tariff 1 are the low tariff, night
    LITHUANIAN = "lithuanian"  # the letters S and W of a time mean +03:00 and +02:00

    __hash__ = object.__hash__  # members are equal if they are one; Enum's own takes ten times as long


def recognised(codes: AbstractSet[str]) -> Dialect:
    """Tell the dialect by the OBIS codes of a telegram.

    Lithuanian: a total and four tariffs (ESO), but neither the tariff in force, nor a version, nor a device name. Dutch: the
    tariff in force, and before DSMR 4 no time, since then the version of DSMR; but neither the version of e-MUCS (Belgium),
    nor a device name (Luxembourg, Hungary), nor, with a version, a total (Hungary) or the energy channel 1 (Switzerland).
    """
    if codes >= _FOUR_TARIFFS and codes.isdisjoint(_NOT_LITHUANIAN):
        return Dialect.LITHUANIAN
    if _TARIFF not in codes or _DEVICE_NAME in codes or _VERSION_EMUCS in codes:
        return Dialect.BELGIAN
    if _VERSION_DSMR in codes:
        is_dutch = _TOTAL not in codes and not any(code.startswith("1-1:") for code in codes)
    else:
        is_dutch = _TIME not in codes and TIME_CODE not in codes
    return Dialect.DUTCH if is_dutch else Dialect.BELGIAN


def wants_checksum(codes: AbstractSet[str]) -> bool:
    """Tell whether such a telegram always has a checksum; DSMR 2 and 3 and German D0 text have none."""
    return not codes.isdisjoint(_CODES_WITH_CHECKSUM)
