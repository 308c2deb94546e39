"""Decrypts the telegrams of meters that send them in general-glo-ciphering frames (Luxembourg, Austria).

    DB | 08 | system title (8) | length (82 hhll or 81 ll) | 30 | frame counter (4) | ciphertext | tag (12)

The length counts from the 30 on. AES-128-GCM; its nonce is title and counter, and 30 with the authentication key are
authenticated too. Sources: Luxmetering's P1 specification 1.1.3 chapter 3.2.5; DLMS UA's Green Book, "general-glo-ciphering".
"""

import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

_SECURITY = b"\x30"  # security control byte: authenticated and encrypted, suite 0
# From 18 bytes, one of them ciphertext, to 20,223 bytes: more than the longest telegram.
_LENGTH = rb"\x82(?P<long>\x00[\x12-\xFF]|[\x01-\x4E].)|\x81(?P<short>[\x12-\xFF])"
_START = re.compile(rb"\xDB\x08(?P<title>.{8})(?:" + _LENGTH + rb")(?=\x30)", re.DOTALL)
_START_BYTES = 14  # at most, with the 30
_TITLE = slice(0, 10)  # of a start, with DB 08
_COUNTER_BYTES = 4
_TAG_BYTES = 12


@dataclass(slots=True)
class Decryptor:
    """Feed it the bytes of the port; it gives those of the telegrams in them.

    Only what the meter's two keys prove to be the meter's comes out. `errors` counts the frames that were not decrypted,
    `discarded_bytes` what belonged to no good frame.
    """

    key: bytes = field(repr=False)
    authentication_key: bytes = field(repr=False)
    errors: int = 0
    discarded_bytes: int = 0
    _buffer: bytearray = field(default_factory=bytearray, repr=False)  # at most one frame, plus the last chunk
    _scanned: int = field(default=0, repr=False)  # before this place of the buffer its frame is not interrupted

    def feed(self, chunk: bytes) -> bytes:
        """Take in some bytes; give the plain text of the frames that end in them, in order."""
        self._buffer += chunk
        found = bytearray()
        while (start := self._start()) is not None:
            behind = start.end() + _length(start)
            if (after := self._interruption(start, behind)) is not None:
                self.errors += 1
                self._discard(after)
            elif len(self._buffer) < behind:
                break
            elif (plain := self._plain(start, behind)) is None:
                self.errors += 1
                self._discard(1)  # what follows may have begun within a frame that was cut
            else:
                found += plain
                self._drop(behind)
        return bytes(found)

    def restart(self) -> None:
        """Begin anew after the port was gone: what was half received is lost."""
        self.errors += self._start() is not None
        self._discard(len(self._buffer))

    def _start(self) -> re.Match[bytes] | None:
        """Throw away what is before the first start of a frame; give that start, if there is one."""
        start = _START.search(self._buffer)
        self._discard(start.start() if start else max(0, len(self._buffer) - _START_BYTES + 1))
        return _START.match(self._buffer)

    def _interruption(self, start: re.Match[bytes], behind: int) -> int | None:
        """Give the place where the same meter begins anew before this frame is over: the frame was cut."""
        place, title = self._scanned, start.group()[_TITLE]
        while (place := self._buffer.find(title, place + 1, behind)) >= 0:
            if _START.match(self._buffer, place, behind):
                return place
        self._scanned = max(0, min(behind, len(self._buffer)) - _START_BYTES)
        return None

    def _plain(self, start: re.Match[bytes], behind: int) -> bytes | None:
        """Decrypt the frame that ends at `behind`; None if it is not what was sent, or another key's."""
        body = bytes(self._buffer[start.end() + len(_SECURITY) : behind])
        counter, ciphertext, tag = body[:_COUNTER_BYTES], body[_COUNTER_BYTES:-_TAG_BYTES], body[-_TAG_BYTES:]
        mode = GCM(start["title"] + counter, tag, min_tag_length=_TAG_BYTES)
        cipher = Cipher(AES(self.key), mode).decryptor()
        cipher.authenticate_additional_data(_SECURITY + self.authentication_key)
        try:
            return cipher.update(ciphertext) + cipher.finalize()
        except InvalidTag:
            return None

    def _discard(self, count: int) -> None:
        self.discarded_bytes += count
        self._drop(count)

    def _drop(self, count: int) -> None:
        if count:
            del self._buffer[:count]
            self._scanned = 0


def _length(start: re.Match[bytes]) -> int:
    """Give the number of bytes from the 30 on, as the frame says it."""
    return int.from_bytes(start["long"] or start["short"], "big")
