"""Why there is no talking with a broker: kinds of trouble, and plain words for what TLS and MQTT say of it."""

_UNSUPPORTED, _NO_CLIENT_ID, _BAD_LOGIN, _NOT_AUTHORISED = 0x84, 0x85, 0x86, 0x87  # MQTT 5.0, section 3.2.2.2
# OpenSSL, x509_vfy.h
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST, _OTHER_ADDRESS = 9, 10, 62, 64


class RefusedVisitError(Exception):
    """There is no talking with this broker; `trouble` is one of the kinds below."""

    def __init__(self, trouble: str, found: str) -> None:
        super().__init__(found)
        self.trouble = trouble


# What `trouble` may be.
ABSENT, UNKNOWN_HOST, NO_BROKER, NO_TLS, WANTS_TLS = "absent", "unknown host", "no broker", "no TLS", "wants TLS"
EXPIRED, TOO_EARLY, OTHER_HOST, UNKNOWN_CA = "expired", "too early", "other host", "unknown CA"
LOGIN, OLD_BROKER, OTHER = "login", "old broker", "other"


def bad_certificate(code: int, words: str) -> RefusedVisitError:
    """Say what OpenSSL holds against a certificate: its code, and its words."""
    if code == _EXPIRED:
        return RefusedVisitError(EXPIRED, "its TLS certificate has expired")
    if code == _NOT_YET_VALID:
        return RefusedVisitError(TOO_EARLY, "its TLS certificate is not valid yet, by the clock of this machine")
    if code in {_OTHER_HOST, _OTHER_ADDRESS}:
        return RefusedVisitError(OTHER_HOST, f"its TLS certificate is for another host: {words}")
    return RefusedVisitError(UNKNOWN_CA, f"its TLS certificate is signed by nobody that is known here: {words}")


def refused_login(code: int, words: str, *, has_login: bool) -> RefusedVisitError:
    """Say what a broker holds against a client: its reason code, and the name of that."""
    if code in {_BAD_LOGIN, _NOT_AUTHORISED}:
        found = "it refuses the login: wrong user name or password" if has_login else "it wants a user name and a password"
        return RefusedVisitError(LOGIN, f"{found} ({words})")
    if code in {_UNSUPPORTED, _NO_CLIENT_ID}:
        return RefusedVisitError(OLD_BROKER, f"it does not speak MQTT 5 ({words})")
    return RefusedVisitError(OTHER, f"it refuses the connection: {words}")
