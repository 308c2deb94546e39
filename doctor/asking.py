"""Runs programs and takes down what they say; none of them can hang, none can be missing unnoticed, and none outlives us."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

from doctor.answers import Asked
from doctor.installation import Question

_SHORT_S = 30.0  # for a question to systemd or Docker
_ENDING_S = 10.0  # for an order to end something


def ask(*command: str, folder: Path | None = None, timeout_s: float = _SHORT_S) -> Asked:
    """Run a program, with all that it starts, for so many seconds at most."""
    return ask_all({"": Question(command, "")}, folder, timeout_s)[""]


def ask_all(questions: Mapping[str, Question], folder: Path | None, timeout_s: float) -> dict[str, Asked]:
    """Run several programs side by side; give what each said."""
    with ExitStack() as stack:
        with _undisturbed():
            asking = {name: stack.enter_context(_Asking(question, folder, timeout_s)) for name, question in questions.items()}
        return {name: one.answer() for name, one in asking.items()}


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block: amid the start of a program nobody would know yet what to end."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


class _Asking:
    """A program that runs for the length of a block. It writes into memory: a pipe would have to be read all the time."""

    def __init__(self, question: Question, folder: Path | None, timeout_s: float) -> None:
        self._question = question
        self._folder = folder
        self._timeout_s = timeout_s
        self._end_s = time.monotonic() + timeout_s
        self._output, self._said = os.memfd_create("output"), os.memfd_create("said")  # also where the disk is full
        self._process: subprocess.Popen[bytes] | None = None
        self._error = ""

    def __enter__(self) -> Self:
        """Start the program, in a session of its own."""
        texts = {"LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
        try:
            self._process = subprocess.Popen(
                self._question.command,
                cwd=self._folder,
                env={**os.environ, **texts, **self._question.environment},
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._said,
                start_new_session=True,
            )
        except OSError as error:
            self._error = f"{self._question.command[0]}: {error.strerror}"
        return self

    def answer(self) -> Asked:
        """Wait until it has ended, or its time is over; give what it said."""
        if self._process is None:
            return Asked(None, "", self._error)
        try:
            code = self._process.wait(max(0.0, self._end_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            return Asked(None, "", f"no answer in {self._timeout_s:.0f} s")
        return Asked(code, _text_in(self._output), _text_in(self._said))

    def __exit__(self, *_: object) -> None:
        """End it, if it still runs: its time is over, or somebody pressed Ctrl-C."""
        os.close(self._output)
        os.close(self._said)
        if self._process is None or self._process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._question.end:
            with suppress(OSError, subprocess.TimeoutExpired):  # what others said is to be told all the same
                subprocess.run(self._question.end, stderr=subprocess.DEVNULL, timeout=_ENDING_S, check=False)


def _text_in(memory: int) -> str:
    return os.pread(memory, os.fstat(memory).st_size, 0).decode(errors="replace")
