"""The hash of a password, against those of Mosquitto's own program."""

import pytest

from mosquitto.password_hash import SALT_BYTES, hash_of, matches

PASSWORD = "correct horse"  # noqa: S105 -- of nobody
# Made with `mosquitto_passwd -b FILE alice 'correct horse'` of 2.0.11, of 2.0.21, and of 2.1.2 with `-H sha512-pbkdf2`.
OF_2_0_11 = "$7$101$Sy/Wk+d96PhN3pC0$0DboxZ0m5tLYCZC++zuVxsgkPG+HQgfLj1+Tdib/eMUos8YLPOsEi1W7gFLrkRrUiRKQogCKRY1T+ZI1wVgSzw=="
OF_2_0_21 = "$7$101$6YnzVnDhVzu09065$wd5VF+z7osFItJZ4IDad1Bx8bPmCTFuZGg77JpmTJH0iU3opp4nsLYmF/vyquYvF1jM0ZrigRRf81FRNxfoFQQ=="
OF_2_1_2 = (
    "$7$1000$bT448eeHc1piY9PLVuwmp932QnDrSLJ0GLFKO5YP0eirqhCe7wWdB0+MmMq/X9mZ7Z+RsVmCsK6p1f3pp50C1A=="
    "$hJHNgmErlbIYMzHWKzPUhQ1k8P0X2A5Y2AqSMrxmttsUf7hQqx53AuuKADpY1nPwDtjbBp5zsGn6+76GXauhKg=="
)


@pytest.mark.parametrize("hashed", [OF_2_0_11, OF_2_0_21, OF_2_1_2])
def test_a_hash_of_mosquittos_is_known_again(hashed: str) -> None:
    """Whatever its salt and its number of iterations."""
    assert matches(PASSWORD, hashed)
    assert not matches(PASSWORD + " ", hashed)


def test_ours_is_what_mosquitto_would_make_of_the_same_salt() -> None:
    """With the salt of its own hash."""
    salt = bytes.fromhex("4b2fd693e77de8f84dde90b4")
    assert len(salt) == SALT_BYTES
    assert hash_of(PASSWORD, salt) == OF_2_0_11


@pytest.mark.parametrize(
    "hashed",
    ["", "correct horse", "$6$abc$def", "$argon2id$v=19$m=47104,t=1,p=1$a$b", "$7$0$AAAA$AAAA", "$7$101$A$A", "$7$101$AAAA$"],
)
def test_what_is_no_such_hash_matches_nothing(hashed: str) -> None:
    """Another kind, a plain password, a broken one."""
    assert not matches(PASSWORD, hashed)
