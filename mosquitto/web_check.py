"""The health check of the container that serves the live page: `python -m mosquitto.web_check` ends with 0 if it does, else 1.

It asks as a browser does, for the page and for a way to the broker, and says the result in one line.
"""

import os
import signal
import socket
import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection

WELL = "online"
MOVED = "the broker has another address now: the server of the page starts anew"
_ANSWER_S = 5.0
_SERVER = 1  # the number of its process, in a container
_OK, _SWITCHING = 200, 101
_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "c21hcnRtZXRlciBjaGVjaw==",  # 16 bytes, whichever (RFC 6455, section 4.1)
    "Sec-WebSocket-Protocol": "mqtt",
}


def main() -> int:
    """Ask, say the result, give the exit code."""
    broker = os.environ["WEB_BROKER_HOST"], int(os.environ["WEB_BROKER_PORT"])
    words = judged(int(os.environ["WEB_PORT"]), broker, has_tls=os.environ["WEB_TLS"] == "yes")
    print(words)
    if words == MOVED:  # lighttpd asks for the address that belongs to a name at its start only; Docker starts it again
        os.kill(_SERVER, signal.SIGTERM)
    return 0 if words == WELL else 1


def judged(port: int, broker: tuple[str, int], *, has_tls: bool) -> str:
    """Say how the server at this port of this machine is; `broker` is where it has to find the broker."""
    try:
        page, mqtt = _status(port, "/", {}, has_tls=has_tls), _status(port, "/mqtt", _UPGRADE, has_tls=has_tls)
    except (OSError, HTTPException) as error:
        return f"port {port} does not answer: {error}"
    if page != _OK:
        return f"the page is not there: HTTP status {page}"
    if mqtt == _SWITCHING:
        return WELL
    try:
        socket.create_connection(broker, _ANSWER_S).close()
    except OSError as error:
        return f"the broker does not answer at {broker[0]}:{broker[1]}: {error}"
    return MOVED


def _status(port: int, path: str, headers: dict[str, str], *, has_tls: bool) -> int:
    if has_tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # what it asks is this machine itself
        server: HTTPConnection = HTTPSConnection("127.0.0.1", port, timeout=_ANSWER_S, context=context)
    else:
        server = HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
    try:
        server.request("GET", path, headers=headers)
        return server.getresponse().status
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
