"""The command `grafana-login`: what Grafana needs to begin, made at its first start and then kept.

docker-compose.yml runs it before Grafana, which reads the password of its user, the key with which it encrypts secrets, and
the token by which it reads InfluxDB: one that the user gives, for a database elsewhere, else that of the database here.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from common.secret_files import File, FileTroubleError, Folder, Owner, owner, prepare_folders, read_file, replace_files
from influx_bridge.local_login import kept_or_new

TOKEN_VARIABLE = "GRAFANA_INFLUX_TOKEN"  # noqa: S105 -- its name
_NO_TOKEN = f"no token for Grafana: use --profile influx too, or write {TOKEN_VARIABLE}=... into .env"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--grafana", type=Path, required=True, metavar="DIR", help="where Grafana reads all three")
    parser.add_argument("--grafana-owner", type=owner, metavar="UID:GID", help="whose these are")
    parser.add_argument("--database", type=Path, required=True, metavar="DIR", help="where the token of the database here is")


def grafana_login(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Make what is missing; give the exit code."""
    try:
        token = environment.get(TOKEN_VARIABLE, "").strip().encode() or read_file(options.database / "token")
        if not token:
            print(_NO_TOKEN, file=sys.stderr)
            return 1
        _make(options.grafana, options.grafana_owner, token)
    except FileTroubleError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _make(grafana: Path, grafana_owner: Owner | None, token: bytes) -> None:
    prepare_folders([Folder(grafana, grafana_owner)])
    contents = {"password": kept_or_new(grafana / "password"), "key": kept_or_new(grafana / "key"), "token": token}
    replace_files([File(grafana / name, content, grafana_owner) for name, content in contents.items()])
