"""Encrypted telegrams for tests, as meters in Luxembourg send them."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

KEY = bytes.fromhex("7A6F6E6E65656E65726769652D6E6575")
AUTHENTICATION_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")  # of every meter in Luxembourg
TITLE = b"SMT\0\x12\x34\x56\x78"


def encrypted(plain: bytes, counter: int = 1, key: bytes = KEY, title: bytes = TITLE, *, short: bool = False) -> bytes:
    """Give the general-glo-ciphering frame of a telegram; `short` writes its length in one byte."""
    nonce = title + counter.to_bytes(4, "big")
    cipher = Cipher(AES(key), GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(b"\x30" + AUTHENTICATION_KEY)
    ciphertext = cipher.update(plain) + cipher.finalize()
    body = b"\x30" + nonce[8:] + ciphertext + cipher.tag[:12]
    length = b"\x81" + len(body).to_bytes(1, "big") if short else b"\x82" + len(body).to_bytes(2, "big")
    return b"\xdb\x08" + title + length + body
