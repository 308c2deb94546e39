"""The hash of a password, as Mosquitto 2.0 and 2.1 read it: `$7$ITERATIONS$SALT$HASH`, PBKDF2 with HMAC-SHA512.

Mosquitto 2.1 would rather have Argon2, which 2.0 cannot read.
"""

from base64 import b64decode, b64encode
from hashlib import pbkdf2_hmac
from hmac import compare_digest
from re import fullmatch

SALT_BYTES = 12  # what Mosquitto 2.0 makes; it reads no other length before 2.0.15
# As mosquitto_passwd 2.0 has it. More would only protect passwords that can be guessed; ours are random, 190 bits long. And the
# broker does nothing else while it reckons: on a Pi Zero a hundred thousand take a second.
_ITERATIONS = 101
_HASH_BYTES = 64


def hash_of(password: str, salt: bytes) -> str:
    """Give the hash of a password with a salt of SALT_BYTES random bytes."""
    return f"$7${_ITERATIONS}${b64encode(salt).decode()}${b64encode(_derived(password, salt, _ITERATIONS)).decode()}"


def matches(password: str, hashed: str) -> bool:
    """Tell whether a hash is that of this password; a hash of another kind is not."""
    parts = fullmatch(r"\$7\$([0-9]{1,6})\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)", hashed)
    if parts is None or int(parts[1]) == 0:
        return False
    try:
        salt, expected = b64decode(parts[2], validate=True), b64decode(parts[3], validate=True)
    except ValueError:
        return False
    return compare_digest(_derived(password, salt, int(parts[1])), expected)


def _derived(password: str, salt: bytes, iterations: int) -> bytes:
    return pbkdf2_hmac("sha512", password.encode(), salt, iterations, _HASH_BYTES)
