"""What stands at the ends when all is over: rows of the CSV files, points of the database, and what it refused for good."""

import csv
import gzip
import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from common.obis import MEDIA
from tests.chaos.settings import Places
from tests.chaos.verdict import Found
from tests.support.database import Database

MEASUREMENTS = ("electricity", *(medium.name for medium in MEDIA))


def found(places: Places, database: Database) -> Found:
    """Read everything. Open files count too: then a torn last line is no damage yet."""
    damage: list[str] = []
    rows = [row for path in _files(places.csv) for row in _rows(path, damage)]
    points = {measurement: database.points(measurement) for measurement in MEASUREMENTS}
    return Found(rows, points, frozenset(_rejected(places.queue / "influx-queue.db")), damage)


def key_of(line: bytes) -> tuple[str, int]:
    """Give measurement and Unix time of a line of line protocol."""
    text = line.decode()
    return text.partition(" ")[0].partition(",")[0], int(text.rpartition(" ")[2])


def damage_of(places: Places) -> Iterator[str]:
    """Tell what is not as it has to be when all services have ended."""
    for path in places.csv.glob("*.tmp__*"):
        yield f"{path.name} was left behind"
    queue = places.queue / "influx-queue.db"
    if queue.exists():
        with sqlite3.connect(queue) as connection:
            told = connection.execute("PRAGMA integrity_check").fetchone()[0]
        connection.close()
        if told != "ok":
            yield f"{queue.name}: {told}"
        for path in sorted(places.queue.glob(f"{queue.name}.aside*")):
            yield f"the queue file was moved aside: {path.name}"


def _files(folder: Path) -> list[Path]:
    return sorted((*folder.glob("smartmeter_*.csv"), *folder.glob("smartmeter_*.csv.gz"), *folder.glob(".wip__*.csv")))


def _rows(path: Path, damage: list[str]) -> Iterator[dict[str, str]]:
    """Give the whole rows of a file."""
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    except FileNotFoundError:  # completed or compressed just now
        return
    except (OSError, EOFError, UnicodeDecodeError) as error:
        damage.append(f"{path.name} cannot be read: {error}")
        return
    whole, _, torn = text.rpartition("\r\n")
    if torn and not path.name.startswith(".wip__"):
        damage.append(f"{path.name} ends within a line")
    reader = csv.reader(io.StringIO(whole, newline=""))
    header = next(reader, [])
    for cells in reader:
        if len(cells) != len(header) or cells == header:
            damage.append(f"{path.name} has a line that is no row: {','.join(cells)[:60]}")
        else:
            yield dict(zip(header, cells, strict=True))


def _rejected(queue: Path) -> Iterator[tuple[str, int]]:
    """Give measurement and Unix time of each line in the table `rejected` of the bridge's queue file."""
    if not queue.exists():
        return
    connection = sqlite3.connect(f"file:{queue}?mode=ro", uri=True)
    try:
        for (line,) in connection.execute("SELECT line FROM rejected"):
            yield key_of(line)
    except sqlite3.OperationalError:  # the bridge holds the file
        return
    finally:
        connection.close()
