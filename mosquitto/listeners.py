"""The further listeners of the broker: the file `listeners.conf`, which the broker's configuration takes in."""

from pathlib import PurePath

TLS_PORT = 8883  # IANA's secure-mqtt

_TLS = """\
# Made by `make certificates`. Yours to change: it is not written again while anything stands here.
listener {port}
certfile {folder}/server.crt
keyfile {folder}/server.key
tls_version tlsv1.2
"""


def tls_listener(folder: PurePath) -> str:
    """Give the listener for TLS; `folder` is where the broker sees its certificate."""
    return _TLS.format(port=TLS_PORT, folder=folder)
