"""The checksum of a telegram: CRC-16/ARC (DSMR 5.0.2 section 6.2), over every byte from "/" to and with "!"."""

from crcmod import crcmod as _crcmod
from crcmod.predefined import mkPredefinedCrcFun

crc16_arc = mkPredefinedCrcFun("crc-16")


def has_c_extension() -> bool:
    """Tell whether crcmod runs its C part; without a compiler pip installs the pure one, some 25 times slower."""
    return bool(_crcmod._usingExtension)  # noqa: SLF001 -- crcmod tells it nowhere else
