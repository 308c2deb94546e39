"""The checksum of a telegram: CRC-16/ARC (DSMR 5.0.2 section 6.2), over every byte from "/" to and with "!"."""

from crcmod.crcmod import _usingExtension
from crcmod.predefined import mkPredefinedCrcFun

crc16_arc = mkPredefinedCrcFun("crc-16")

# Whether crcmod runs its C part; without a compiler pip installs the pure one, some 25 times slower.
HAS_C_EXTENSION = bool(_usingExtension)
