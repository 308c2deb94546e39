"""The command `python -m reader capture`: keeps telegrams as they came, or without identifications, to show them to others."""

import argparse
import os
import select
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from math import inf, isfinite
from pathlib import Path
from typing import Self

from common.sections import SerialSettings
from common.service import DEFAULT_CONFIG, EXIT_FAILURE, EXIT_OK, ServiceError, report_problems
from common.settings import Config, SettingsError
from common.settings_file import load_config
from common.waiting import HasFileno, Stop, wait_for
from reader.decode import inspection_of
from reader.inspection import Inspected
from reader.port_facts import why_closed
from reader.selection import Selection
from reader.serial_port import Opening, PortBusyError, PortGoneError, PortSettingsError

_CHUNK_BYTES = 65_536
_LONGEST_WAIT_S = 3600.0
_FAREWELL_S = 0.5  # for whoever reads the output to take the last telegram


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="take telegrams from files; - is standard input (default: the port)"
    )
    parser.add_argument("-f", "--file", dest="more_files", action="append", default=[], metavar="FILE", help="the same")
    parser.add_argument("-c", "--config", metavar="FILE", help=f"the settings (default: {DEFAULT_CONFIG}; with files: none)")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="write to a new file (default: standard output)")
    parser.add_argument("--anonymise", action="store_true", help="mask serial numbers and EAN codes")
    parser.add_argument("--all", action="store_true", help="also those that are rejected: cut, or with a wrong checksum")
    parser.add_argument("--count", type=_count, default=inf, metavar="N", help="end after N telegrams")
    parser.add_argument("--seconds", type=_seconds, default=inf, metavar="N", help="end after N seconds")


def capture(options: argparse.Namespace, stop: Stop) -> int:
    """Write telegrams until the files end, the count or the time is reached, or it is asked to stop.

    Gives the exit code: 1 if there was none, or if a file, the port or the output failed; what was written before stays.
    """
    files = [*options.files, *options.more_files]
    config = load_config(options.config or (None if files else DEFAULT_CONFIG), (SerialSettings,))
    if isinstance(config, SettingsError):
        return report_problems(config)
    end = _End(stop, options.seconds)
    selection = Selection(options.count, options.anonymise, options.all)
    problem = ""
    try:
        source = _Files(files, config, end) if files else _Port(config, end)
        _write(source, selection, options.output, stop)
    except BrokenPipeError:  # whoever reads the output has seen enough
        return EXIT_OK
    except SettingsError as error:
        return report_problems(error)
    except ServiceError as error:
        problem = str(error)
    if source.has_begun:
        print(_summary(selection, options.output, source), file=sys.stderr)
    if problem:
        print(problem, file=sys.stderr)
    return EXIT_OK if not problem and (selection.kept or stop.requested) else EXIT_FAILURE


def _write(source: "_Files | _Port", selection: Selection, path: Path | None, stop: Stop) -> None:
    shows_progress = isinstance(source, _Port) and sys.stderr.isatty()
    with _Output(path, stop) as output, closing(source.telegrams()) as telegrams:
        for data in selection.of(telegrams):
            if not output.write(data):
                return
            if shows_progress:
                print(f"\r{selection}", end="\r", file=sys.stderr, flush=True)


def _summary(selection: Selection, path: Path | None, source: "_Files | _Port") -> str:
    if selection.kept:
        return f"{selection}{f'; written to {path}' if path else ''}"
    return "; ".join(filter(None, (str(selection), source.why_none())))


class _End:
    """When to end: asked to, or after that many seconds."""

    def __init__(self, stop: Stop, seconds: float) -> None:
        self._stop = stop
        self._end_s = time.monotonic() + seconds

    @property
    def is_here(self) -> bool:
        """Whether it is time."""
        return self._stop.requested or time.monotonic() >= self._end_s

    def comes_before(self, thing: HasFileno) -> bool:
        """Wait until the thing is readable, and tell whether the end came first."""
        while not self.is_here:
            if thing in wait_for([thing, self._stop], min(self._end_s - time.monotonic(), _LONGEST_WAIT_S)):
                return False
        return True


class _Files:
    """Files of telegrams, or pipes that bring them."""

    def __init__(self, names: list[str], config: Config, end: _End) -> None:
        self.has_begun = False
        self._names = names
        self._config = config
        self._end = end

    def why_none(self) -> str:
        """Add nothing: there is none."""
        return ""

    def telegrams(self) -> Generator[Inspected, None, None]:
        """Give the telegrams of all files; a file that cannot be read raises ServiceError, after the others were read."""
        self.has_begun = True
        problems = []
        for name in self._names:
            try:
                yield from self._of(name)
            except OSError as error:
                problems.append(f"{'standard input' if name == '-' else name}: {error.strerror}")
        if problems:
            raise ServiceError("\n".join(problems))

    def _of(self, name: str) -> Iterator[Inspected]:
        inspection = inspection_of(self._config)
        is_input = name == "-"
        source = sys.stdin.fileno() if is_input else name
        with open(source, "rb", buffering=0, closefd=not is_input, opener=_opened_without_waiting) as stream:
            while not self._end.comes_before(stream) and (chunk := stream.read(_CHUNK_BYTES)) != b"":
                yield from inspection.feed(chunk or b"")  # None: somebody else was faster
        if not self._end.is_here:
            yield from inspection.finish()


def _opened_without_waiting(path: str, flags: int) -> int:
    """Open a pipe before anybody writes to it: that the wait for a writer ends when it is asked to."""
    return os.open(path, flags | os.O_NONBLOCK)


class _Port:
    """The port of the settings, for this process alone."""

    def __init__(self, config: Config, end: _End) -> None:
        self.has_begun = False
        self._config = config
        self._settings = config.section(SerialSettings)
        self._inspection = inspection_of(config)
        self._end = end

    def why_none(self) -> str:
        """Say what comes from the port instead of telegrams."""
        return self._inspection.why_none()

    def telegrams(self) -> Generator[Inspected, None, None]:
        """Give the telegrams that come in, until the end; then the last one may be half received, which is no fault of it.

        Raises ServiceError where the port is not there, not any more, or read by another program; SettingsError.
        """
        opening = Opening(self._settings, why_closed)
        if self._end.comes_before(opening):
            return
        name = self._settings.port
        try:
            with closing(opening.result()) as port:
                self.has_begun = True
                print(f"reading {name}; Ctrl-C ends it", file=sys.stderr, flush=True)
                while not self._end.comes_before(port):
                    yield from self._inspection.feed(port.read())
        except PortSettingsError as error:
            raise SettingsError([f"{self._config.source}: [serial] port {name}: {error}"]) from None
        except (PortGoneError, PortBusyError) as error:
            raise ServiceError(f"cannot read {name}: {error.strerror}") from None


class _Output:
    """A new file, or standard output. A file to which nothing was written is gone afterwards."""

    def __init__(self, path: Path | None, stop: Stop) -> None:
        self._path = path
        self._stop = stop
        self._is_empty = True
        try:
            self._fileno = sys.stdout.fileno() if path is None else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            raise ServiceError(f"{path}: exists already, and is not overwritten") from None
        except OSError as error:
            raise ServiceError(f"{path}: {error.strerror}") from None

    def __enter__(self) -> Self:
        """Give the output."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        if self._path is not None:
            os.close(self._fileno)
            if self._is_empty:
                self._path.unlink(missing_ok=True)

    def write(self, data: bytes) -> bool:
        """Write all of it, and tell whether that was possible: when asked to end it waits no more for a reader that is full.

        Raises BrokenPipeError, ServiceError.
        """
        try:
            while data:
                ending = self._stop.requested
                woken, ready, _ = select.select(
                    [] if ending else [self._stop], [self._fileno], [], _FAREWELL_S if ending else None
                )
                if ready:  # to write PIPE_BUF bytes does not block
                    data = data[os.write(self._fileno, data[: select.PIPE_BUF]) :]
                    self._is_empty = False
                elif not woken:
                    return False
        except BrokenPipeError:
            raise
        except OSError as error:
            raise ServiceError(f"cannot write {self._path or 'to standard output'}: {error.strerror}") from None
        return True


def _count(text: str) -> int:
    with suppress(ValueError):
        count = int(text)
        if count > 0:
            return count
    raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, got {text!r}")


def _seconds(text: str) -> float:
    with suppress(ValueError):
        seconds = float(text)
        if isfinite(seconds) and seconds > 0:
            return seconds
    raise argparse.ArgumentTypeError(f"expected a number of seconds, more than 0, got {text!r}")
