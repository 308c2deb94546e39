"""The command `new-login`: the password and the token of an InfluxDB of one's own, made at the first start and then kept.

docker-compose.yml runs it before that database, which reads both when it sets itself up; the bridge reads the token.
"""

import argparse
import secrets
import sys
from pathlib import Path

from common.secret_files import File, FileTroubleError, Folder, Owner, owner, prepare_folders, read_file, replace_files

_RANDOM_BYTES = 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--database", type=Path, required=True, metavar="DIR", help="where the database reads both")
    parser.add_argument("--database-owner", type=owner, metavar="UID:GID", help="whose these are")
    parser.add_argument("--bridge", type=Path, required=True, metavar="DIR", help="where the bridge reads the token")
    parser.add_argument("--bridge-owner", type=owner, metavar="UID:GID", help="whose that is")


def new_login(options: argparse.Namespace) -> int:
    """Make what is missing; give the exit code."""
    try:
        _make(options.database, options.database_owner, options.bridge, options.bridge_owner)
    except FileTroubleError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _make(database: Path, database_owner: Owner | None, bridge: Path, bridge_owner: Owner | None) -> None:
    prepare_folders([Folder(database, database_owner), Folder(bridge, bridge_owner)])
    token = kept_or_new(database / "token")
    replace_files(
        [
            File(database / "password", kept_or_new(database / "password"), database_owner),
            File(database / "token", token, database_owner),
            File(bridge / "token", token, bridge_owner),
        ]
    )


def kept_or_new(file: Path) -> bytes:
    """Give the secret that a file holds, or a new one."""
    # Without a line end: InfluxDB's image takes the whole file.
    return read_file(file) or secrets.token_urlsafe(_RANDOM_BYTES).encode()
