"""Becomes a program that does not outlive the demo: `python -m demo.child DEMO_PID COMMAND...`.

Linux sends it SIGTERM when the demo's main thread, which started it, is gone, however that was ended: prctl(2).
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask for the signal, then become the program."""
    demo, command = int(sys.argv[1]), sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0):
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() == demo:  # else it went before it was asked for
        os.execvp(command[0], command)  # noqa: S606 -- starts our own programs


if __name__ == "__main__":
    main()
