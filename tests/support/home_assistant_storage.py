"""The files with which a Home Assistant starts as one that somebody set up: its owner, a token, the broker's login."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

_OWNER, _TOKEN_ID, _KEY, _ENTRY = "0" * 31 + "1", "0" * 31 + "2", "3" * 64, "0" * 31 + "4"
_MADE = "2024-03-01T00:00:00+00:00"
_TEN_YEARS_S = 315_360_000
_CONFIGURATION = """\
http:
  server_host: 127.0.0.1
  server_port: {port}
recorder:
  commit_interval: 1
energy:
logger:
  default: warning
"""


def write_storage(folder: Path, port: int, broker_port: int, login: tuple[str, str]) -> None:
    """Write the configuration of one that serves on `port` and is logged in to the broker on `broker_port`."""
    (folder / ".storage").mkdir(parents=True)
    (folder / "configuration.yaml").write_text(_CONFIGURATION.format(port=port), encoding="utf-8")
    _write(folder, "auth", 1, _auth())
    _write(folder, "onboarding", 4, {"done": ["user", "core_config", "analytics", "integration"]})
    _write(folder, "core.config", 1, _place())
    _write(folder, "core.config_entries", 1, {"entries": [_mqtt(broker_port, login)]})


def token() -> str:
    """Give the owner's long-lived token: a JSON Web Token (RFC 7519), signed with its own key."""
    now_s = int(time.time())
    claims = {"iss": _TOKEN_ID, "iat": now_s, "exp": now_s + _TEN_YEARS_S}
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_text(hmac.new(_KEY.encode(), signed.encode(), hashlib.sha256).digest())}"


def _part(content: dict[str, object]) -> str:
    return _text(json.dumps(content).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _write(folder: Path, key: str, version: int, data: dict[str, object]) -> None:
    content = {"version": version, "minor_version": 1, "key": key, "data": data}
    (folder / ".storage" / key).write_text(json.dumps(content), encoding="utf-8")


def _auth() -> dict[str, object]:
    user = {"id": _OWNER, "group_ids": ["system-admin"], "is_owner": True, "is_active": True, "name": "Owner"}
    refresh = {
        "id": _TOKEN_ID,
        "user_id": _OWNER,
        "client_id": None,
        "client_name": "tests",
        "token_type": "long_lived_access_token",
        "created_at": _MADE,
        "access_token_expiration": float(_TEN_YEARS_S),
        "token": "5" * 128,
        "jwt_key": _KEY,
    }
    users = [user | {"system_generated": False, "local_only": False}]
    return {"users": users, "groups": [], "credentials": [], "refresh_tokens": [refresh]}


def _place() -> dict[str, object]:
    return {
        "latitude": 51.05,
        "longitude": 3.72,
        "elevation": 10,
        "unit_system_v2": "metric",
        "location_name": "Home",
        "time_zone": "Europe/Brussels",
        "external_url": None,
        "internal_url": None,
        "currency": "EUR",
        "country": "BE",
        "language": "en",
    }


def _mqtt(broker_port: int, login: tuple[str, str]) -> dict[str, object]:
    return {
        "entry_id": _ENTRY,
        "version": 1,
        "minor_version": 1,
        "domain": "mqtt",
        "title": "127.0.0.1",
        "data": {"broker": "127.0.0.1", "port": broker_port, "username": login[0], "password": login[1], "discovery": True},
        "options": {},
        "source": "user",
        "unique_id": None,
        "disabled_by": None,
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "created_at": _MADE,
        "modified_at": _MADE,
        "discovery_keys": {},
        "subentries": [],
    }
