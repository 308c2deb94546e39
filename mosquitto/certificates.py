"""Certificates for TLS with the broker: an authority of the household's own, and the broker's certificate under it.

Keys are P-256: what relays with little memory can do, too. The extensions are those that RFC 5280 (section 4.2) wants, for
Python 3.13 checks them strictly.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from re import fullmatch

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_AUTHORITY_LIFE = timedelta(days=3650)  # whoever uses it has to be given a new one then
# Two years: Apple's devices refuse more than 825 days, whoever signed; less would only mean to renew more often.
_SERVER_LIFE = timedelta(days=730)
_EARLIER = timedelta(days=1)  # clocks of others may be slow
_NAME_MAX = 64  # characters of a common name


class CertificateError(ValueError):
    """A certificate or key cannot be used; the text says why."""


class BrokerKeyError(CertificateError):
    """The broker's own key cannot be used; that of the authority can."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A key and its certificate, both as PEM."""

    key: bytes
    certificate: bytes


def host_problem(host: str) -> str | None:
    """Say why a name or an address cannot stand in a certificate, or give None."""
    is_name = len(host) <= 253 and all(  # noqa: PLR2004 -- RFC 1035, section 2.3.4
        fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", label) for label in host.split(".")
    )
    # Whoever sees digits at the end takes it for an address (WHATWG URL, section 3.5).
    is_number = host.rpartition(".")[2].isdigit()
    return None if _address(host) or (is_name and not is_number) else f'--host: expected a name or an address, got "{host}"'


def new_authority(of: str, now: datetime, key_pem: bytes | None = None) -> Signed:
    """Make an authority for the household of this machine, named `of`, with the key that it has already, if it has one.

    Raises CertificateError if that key cannot be used.
    """
    key = _key(key_pem, "the key of the authority") if key_pem else generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"smartmeter CA of {of}"[:_NAME_MAX])])
    builder = _builder(name, name, key, now, now + _AUTHORITY_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_others=True), critical=True)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    return Signed(_key_pem(key), builder.sign(key, SHA256()).public_bytes(Encoding.PEM))


def new_server(authority: Signed, hosts: Sequence[str], now: datetime, key_pem: bytes | None = None) -> Signed:
    """Make the broker's certificate for these names and addresses, with the key that it has already, if it has one.

    Raises CertificateError if the authority cannot be used, BrokerKeyError if the key cannot.
    """
    signing = _key(authority.key, "the key of the authority")
    issuer = _certificate(authority.certificate, "the certificate of the authority")
    if _public(signing) != _public(issuer):
        raise CertificateError("key and certificate of the authority do not belong together")
    if _end(issuer) <= now:
        raise CertificateError(f"the authority expired on {_end(issuer):%Y-%m-%d}")
    key = _broker_key(key_pem) if key_pem else generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smartmeter broker")])
    builder = _builder(name, issuer.subject, key, now, min(now + _SERVER_LIFE, _end(issuer)))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_others=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    names = [x509.IPAddress(address) if (address := _address(host)) else x509.DNSName(host) for host in hosts]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Signed(_key_pem(key), builder.sign(signing, SHA256()).public_bytes(Encoding.PEM))


def expiry(certificate_pem: bytes) -> datetime:
    """Give the end of a certificate. Raises CertificateError if it is none."""
    return _end(_certificate(certificate_pem, "the certificate of the broker"))


def _builder(
    name: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - _EARLIER).not_valid_after(end)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _usage(*, signs_others: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_others,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key(pem: bytes, whose: str) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):  # no key, or one with a password
        raise CertificateError(f"{whose} cannot be read") from None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise CertificateError(f"{whose} is of another kind than ours")
    return key


def _broker_key(pem: bytes) -> EllipticCurvePrivateKey:
    try:
        return _key(pem, "the key of the broker")
    except CertificateError as error:
        raise BrokerKeyError(*error.args) from None


def _certificate(pem: bytes, whose: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise CertificateError(f"{whose} cannot be read") from None


def _public(holder: EllipticCurvePrivateKey | x509.Certificate) -> object:
    numbers = getattr(holder.public_key(), "public_numbers", None)
    return numbers() if numbers else None


def _end(certificate: x509.Certificate) -> datetime:
    """Give the last moment. Debian bookworm's version (38) knows it without its zone only, which is UTC."""
    end: datetime | None = getattr(certificate, "not_valid_after_utc", None)
    return end or certificate.not_valid_after.replace(tzinfo=UTC)


def _key_pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an address; one with a scope, as fe80::1%eth0, is one for this machine only."""
    try:
        return None if "%" in host else ipaddress.ip_address(host)
    except ValueError:
        return None
