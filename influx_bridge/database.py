"""The database: InfluxDB 2, or what speaks its v2 write API, through urllib3.

InfluxDB's own client does the same with urllib3, and loads 600 modules for all else that it can: 25 MB, what two services take.
urllib3 with its TLS takes 8 MB: import this module only when something is to be written.
"""

import gzip
import json
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlencode

import urllib3

from common.sections import InfluxSettings
from common.version import VERSION
from influx_bridge.failure import Failure

_CHECK_BODY = b"# smartmeter asks whether it may write\n"  # a comment of line protocol: stores nothing
_NO_POINTS = "requires points"  # InfluxDB 2 answers so to a body of comments, after it checked token, org and bucket
_GZIP_LEVEL = 4  # a fifth of the time of level 9, and a third more bytes
_SECRET_CHARACTERS = 8  # a shorter token is a stand-in, where the server wants none
_MS_PER_S = 1000


class Database:
    """One client for the whole life of the service; it keeps its connection open."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._token = settings.token
        target = urlencode({"org": settings.org, "bucket": settings.bucket, "precision": "s"})
        self._url = f"{settings.url.rstrip('/')}/api/v2/write?{target}"
        if not settings.verify_ssl:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # else one at each request
        self._pool = urllib3.PoolManager(
            headers={
                "Authorization": f"Token {settings.token}",
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Encoding": "gzip",
                "Accept": "application/json",
                "User-Agent": f"smartmeter/{VERSION}",
            },
            timeout=urllib3.Timeout(total=settings.timeout / _MS_PER_S),
            retries=False,
            cert_reqs="CERT_REQUIRED" if settings.verify_ssl else "CERT_NONE",
        )

    def write(self, body: bytes) -> Failure | None:
        """Write lines with times in seconds; give None when the database has them, else why not. Never raises for that."""
        try:
            answer = self._pool.request("POST", self._url, body=gzip.compress(body, _GZIP_LEVEL), redirect=False)
        except urllib3.exceptions.HTTPError as error:  # refused, timed out, reset, no such host, no good certificate
            return Failure(None, f"{type(error).__name__}: {self._without_token(str(error))}")
        return None if answer.status == HTTPStatus.NO_CONTENT else self._failure(answer)

    def check(self) -> Failure | None:
        """Ask whether address, token, organisation and bucket are right, with a write that stores nothing.

        `ping` and `health` tell nothing of those, and VictoriaMetrics is healthy while its `health` says it is not.
        """
        failure = self.write(_CHECK_BODY)
        return None if failure and failure.status == HTTPStatus.BAD_REQUEST and _NO_POINTS in failure.words else failure

    def close(self) -> None:
        """Close the connection."""
        self._pool.clear()

    def _failure(self, answer: urllib3.BaseHTTPResponse) -> Failure:
        try:
            words = _words(answer.data.decode())
        except UnicodeDecodeError:
            return Failure(None, "the answer is not UTF-8 text: this is no InfluxDB")
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:  # a proxy, or a page that asks for a login
            return Failure(answer.status, f"expected HTTP {HTTPStatus.NO_CONTENT.value}: this is no InfluxDB 2")
        return Failure(answer.status, self._without_token(words or answer.reason or ""), _retry_after_s(answer.headers))

    def _without_token(self, words: str) -> str:
        """Mask the token, should a server repeat it."""
        return words.replace(self._token, "***") if len(self._token) >= _SECRET_CHARACTERS else words


def _words(text: str) -> str:
    """Give what the server says is wrong: InfluxDB as JSON {code, message}, others in any form."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return text
    message = told.get("message") if isinstance(told, dict) else None
    return message if isinstance(message, str) else text


def _retry_after_s(headers: urllib3.HTTPHeaderDict) -> float | None:
    """Read Retry-After: seconds, or a date, which is compared with the server's own clock (RFC 9110 section 10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):  # no date, or one with a zone and one without
        return None
    return max(0.0, wait.total_seconds())
