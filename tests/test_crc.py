"""`common.crc`: the checksum, against its published check value."""

from common.crc import crc16_arc


def test_the_checksum_is_crc_16_arc() -> None:
    """The catalogue's check value of CRC-16/ARC, and nothing for nothing."""
    assert (crc16_arc(b"123456789"), crc16_arc(b"")) == (0xBB3D, 0x0000)
