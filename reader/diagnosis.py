"""Says in one sentence what is wrong with a port that gives no valid telegram, from the bytes that it gives.

Whoever set the line up can mend most of it with one setting, if told which. A port with 7E1 that is sent 8N1 needs no
sentence: text has no eighth bit and reads well. Sources: P1 companion standards; Oesterreichs Energie, customer interface 2021
(DLMS pushed in HDLC or M-Bus frames); EN 60870-5-2 and EN 13757-2 (M-Bus frame); IEC 62056-46 (HDLC frame).
"""

import re
from collections.abc import Callable

from common.framing import MAX_TELEGRAM_BYTES, Frame, Framer
from common.telegram import ChecksumError, TelegramError, read

KEPT_BYTES = MAX_TELEGRAM_BYTES  # the newest; telegrams are a third of it at most, so a whole one is in it
_FEW_BYTES = 32

SILENT = (
    "nothing comes from the port: check that it is the right one, that the cable's request line (pin 2) is at 5 V, and that the"
    " grid operator has opened the meter's port"
)
HDLC = "the meter sends DLMS in HDLC frames, which are not P1 telegrams; ask the grid operator to switch it to P1 (DSMR) text"
MBUS = "the meter sends DLMS in M-Bus frames, which are not P1 telegrams; ask the grid operator to switch it to P1 (DSMR) text"
ENCRYPTED = "the telegrams are encrypted: ask the grid operator for the key and set [serial] decryption_key"
WRONG_KEY = (
    "the telegrams are encrypted, but not with the keys of the settings: check [serial] decryption_key and authentication_key"
)
PARTLY_ENCRYPTED = (
    "the telegrams are encrypted behind their first line, which smartmeter cannot read; ask the grid operator for plain ones"
)
NOT_ENCRYPTED = "the telegrams are not encrypted: leave [serial] decryption_key empty"
EVEN_PARITY = "the bytes are telegrams with 7 data bits: set [serial] bytesize = 7 and parity = E"
ODD_PARITY = "the bytes are telegrams with 7 data bits: set [serial] bytesize = 7 and parity = O"
WRONG_CHECKSUM = (
    "telegrams come, but their checksums are wrong: bytes get lost or damaged; check plugs and cable length, and that nothing"
    " else reads the port"
)
PARTS = (
    "only parts of telegrams come: check plugs and cable, and that nothing else reads the port or switches the cable's request"
    " line (pin 2)"
)
REJECTED = "telegrams come, but none is valid; the log says why each was rejected"
OTHER_TEXT = "the port gives text, but no telegrams: another device or a login console is on it; check [serial] port"
TOO_FAST = (
    "only zeros come from the port: the meter sends slower than the port reads (DSMR 2 and 3: set [serial] baudrate = 9600,"
    " bytesize = 7, parity = E), or the signal lacks its pull-up resistor"
)
GARBAGE = (
    "the bytes are no text: the speed is wrong (set [serial] baudrate = 115200; DSMR 2 and 3: 9600, bytesize = 7, parity = E)"
    " or the signal is inverted (use a P1 cable or an inverter)"
)

_ENCRYPTED = re.compile(rb"\xDB\x08.{8}(?:\x82..|\x81.)[\x10\x20\x30]", re.DOTALL)
_ENCRYPTED_BEHIND_START = re.compile(rb"/[A-Za-z0-9_]{3}[ -~]{0,64}\r\n\r\n(?P<behind>[^ -~\r\n].{63})", re.DOTALL)
_HDLC_START = re.compile(rb"\x7E(?=[\xA0-\xA7][\x00-\xFF])")
_HDLC_LOGICAL_LINK = b"\xe6\xe7\x00"  # begins each message of a meter
_MBUS_START = re.compile(rb"\x68(?P<length>.)(?P=length)\x68", re.DOTALL)
_MBUS_AROUND_BYTES = 6  # 68 LL LL 68 before, sum and 16 behind what the length counts
_LINE = re.compile(rb"[0-9]-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[^()\r\n]{0,4}\(")
_SURE_LINES = 5  # no other bytes look like so many; a Hungarian telegram may have 1024 bytes of FF among its lines
_TEXT_SHARE = 0.9
_PURE_TEXT_SHARE = 0.98  # more than a wrong speed ever gives
_ZEROS_SHARE = 0.9
_WRONG_PARITY_SHARE = 0.05
_HIGH_BIT = 0x80
_HAS_EVEN_PARITY = bytes(byte.bit_count() % 2 == 0 for byte in range(256))
_IS_TEXT = bytes(32 <= byte < 127 or byte in b"\r\n\t" for byte in range(256))  # noqa: PLR2004 -- ASCII from blank to tilde
_WITHOUT_HIGH_BIT = bytes(byte & ~_HIGH_BIT for byte in range(256))


class Diagnosis:
    """Feed it what the port gives, and `reset` it with each valid telegram; ask it for a `sentence` when none came for long."""

    def __init__(self, *, has_key: bool = False) -> None:
        """Begin to listen; `has_key` if the bytes ought to be encrypted telegrams."""
        self._has_key = has_key
        self._newest = bytearray()
        self._decrypted = bytearray()

    def feed(self, chunk: bytes, decrypted: bytes = b"") -> None:
        """Take in some bytes, as they came from the port, and what came out of them with the keys of the settings."""
        self._newest += chunk
        self._decrypted += decrypted
        for kept in (self._newest, self._decrypted):
            del kept[:-KEPT_BYTES]

    def reset(self) -> None:
        """Forget all bytes: a telegram was valid."""
        self._newest.clear()
        self._decrypted.clear()

    def sentence(self) -> str:
        """Say what the bytes are and what to do, without a full stop."""
        if self._decrypted:
            return _of_telegrams(bytes(self._decrypted))
        heard = bytes(self._newest)
        if len(heard) < _FEW_BYTES:  # noise of a cable that nobody drives
            return SILENT
        return next(found for judge in self._judges() if (found := judge(heard)))

    def _judges(self) -> tuple[Callable[[bytes], str], ...]:
        return _zeros, _other_protocol, self._encryption, _parity, self._text, lambda _: GARBAGE

    def _encryption(self, heard: bytes) -> str:
        if _ENCRYPTED.search(heard):
            return WRONG_KEY if self._has_key else ENCRYPTED
        behind_starts = (start["behind"] for start in _ENCRYPTED_BEHIND_START.finditer(heard))
        return PARTLY_ENCRYPTED if any(not _is_text(behind) for behind in behind_starts) else ""

    def _text(self, heard: bytes) -> str:
        lines = len(_LINE.findall(heard))
        if lines < _SURE_LINES and not (lines and _is_text(heard)):
            return OTHER_TEXT if _is_text(heard, _PURE_TEXT_SHARE) else ""
        return NOT_ENCRYPTED if self._has_key else _of_telegrams(heard)


def _zeros(heard: bytes) -> str:
    return TOO_FAST if heard.count(0) > _ZEROS_SHARE * len(heard) else ""


def _other_protocol(heard: bytes) -> str:
    """Know a protocol by whole frames; what is in them may be encrypted as telegrams are."""
    if any(_is_mbus_frame(heard, start) for start in _MBUS_START.finditer(heard)):
        return MBUS
    if _HDLC_LOGICAL_LINK in heard and any(_is_hdlc_frame(heard, start.start()) for start in _HDLC_START.finditer(heard)):
        return HDLC
    return ""


def _is_mbus_frame(heard: bytes, start: re.Match[bytes]) -> bool:
    behind = start.end() + start["length"][0]
    return heard[behind : behind + 2] == bytes([sum(heard[start.end() : behind]) % 256, 0x16])


def _is_hdlc_frame(heard: bytes, start: int) -> bool:
    """Tell whether the length, 11 bits from the flag to the flag, leads to the flag at its end."""
    length = int.from_bytes(heard[start + 1 : start + 3], "big") % 2048
    return heard[start + length + 1 : start + length + 2] == b"\x7e"


def _parity(heard: bytes) -> str:
    """Know 7 data bits, read as 8, by the eighth: it makes the number of ones in each byte even, or in each byte odd."""
    text = heard.translate(_WITHOUT_HIGH_BIT)
    if text == heard or not (_is_text(text) and _LINE.search(text)):
        return ""
    even_share = sum(heard.translate(_HAS_EVEN_PARITY)) / len(heard)
    if even_share >= 1 - _WRONG_PARITY_SHARE:
        return EVEN_PARITY
    return ODD_PARITY if even_share <= _WRONG_PARITY_SHARE else ""


def _is_text(heard: bytes, share: float = _TEXT_SHARE) -> bool:
    return sum(heard.translate(_IS_TEXT)) >= share * len(heard)


def _of_telegrams(text: bytes) -> str:
    """Say why none of the telegrams is valid, by trying them once more."""
    frames = [event.data for event in Framer().feed(text) if isinstance(event, Frame)]
    if not frames:
        return PARTS
    return WRONG_CHECKSUM if all(map(_has_wrong_checksum, frames)) else REJECTED


def _has_wrong_checksum(frame: bytes) -> bool:
    try:
        read(frame)
    except ChecksumError:
        return True
    except TelegramError:
        return False
    return False
