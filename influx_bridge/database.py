"""The database: InfluxDB 2, or what speaks its v2 write API, through influxdb-client.

Importing influxdb-client costs 25 MB and a quarter of a second: import this module only when something is to be written.
"""

import gzip
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException

from common.sections import InfluxSettings
from influx_bridge.failure import Failure

_CHECK_BODY = b"# smartmeter asks whether it may write\n"  # a comment of line protocol: stores nothing
_NO_POINTS = "requires points"  # InfluxDB 2 answers so to a body of comments, after it checked token, org and bucket
_GZIP_LEVEL = 4  # a fifth of the time of influxdb-client's own level 9, and a third more bytes
_SECRET_CHARACTERS = 8  # a shorter token is a stand-in, where the server wants none


class Database:
    """One client for the whole life of the service; it keeps its connection open."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        if not settings.verify_ssl:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # else one at each request
        self._client = InfluxDBClient(
            settings.url,
            token=settings.token,
            org=settings.org,
            timeout=settings.timeout,
            verify_ssl=settings.verify_ssl,
        )
        self._client.api_client.set_default_header("Content-Encoding", "gzip")  # type: ignore[no-untyped-call]
        self._write_api = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, body: bytes) -> Failure | None:
        """Write lines with times in seconds; give None when the database has them, else why not. Never raises for that."""
        try:
            self._write_api.write(
                self._settings.bucket,
                self._settings.org,
                gzip.compress(body, _GZIP_LEVEL),
                write_precision=WritePrecision.S,  # type: ignore[arg-type]  # its own constant is a str
            )
        except ApiException as error:
            return self._answered(error)
        except urllib3.exceptions.HTTPError as error:  # refused, timed out, reset, no such host
            return Failure(None, f"{type(error).__name__}: {self._without_token(str(error))}")
        except UnicodeDecodeError:
            return Failure(None, "the answer is not UTF-8 text: this is no InfluxDB")
        status = self._client.api_client.last_response.status
        if status != HTTPStatus.NO_CONTENT:  # of a proxy, or a page that asks for a login
            return Failure(status, f"expected HTTP {HTTPStatus.NO_CONTENT.value}: this is no InfluxDB 2")
        return None

    def check(self) -> Failure | None:
        """Ask whether address, token, organisation and bucket are right, with a write that stores nothing.

        `ping` and `health` tell nothing of those, and VictoriaMetrics is healthy while its `health` says it is not.
        """
        failure = self.write(_CHECK_BODY)
        return None if failure and failure.status == HTTPStatus.BAD_REQUEST and _NO_POINTS in failure.words else failure

    def close(self) -> None:
        """Close the connection."""
        self._client.close()  # type: ignore[no-untyped-call]  # influxdb-client has types in part

    def _answered(self, error: ApiException) -> Failure:
        words = self._without_token(str(error.message if error.body else error.reason or ""))
        return Failure(error.status or None, words, _retry_after_s(error))  # status 0: a TLS error

    def _without_token(self, words: str) -> str:
        """Mask the token, should a server repeat it."""
        token = self._settings.token
        return words.replace(token, "***") if len(token) >= _SECRET_CHARACTERS else words


def _retry_after_s(error: ApiException) -> float | None:
    """Read Retry-After: seconds, or a date, which is compared with the server's own clock (RFC 9110 section 10.2.3)."""
    text = str(error.retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(str(error.headers and error.headers.get("Date")))
    except (ValueError, TypeError):  # no date, or one with a zone and one without
        return None
    return max(0.0, wait.total_seconds())
