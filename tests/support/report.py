"""Rows for the report's tests, and the report of them without files."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from csv_logger.report.intake import Intake
from csv_logger.report.numbers import Report
from csv_logger.report.period import Period
from csv_logger.report.quarters import Quarters
from csv_logger.report.summary import report_of
from reader.sunshine import BRUSSELS

LATER = "2040-01-01T00:00:00"  # than everything that is told of


def local(text: str) -> datetime:
    """Give a moment in Brussels."""
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS)


def lines_of(rows: Iterable[Mapping[str, object]]) -> list[bytes]:
    """Give the lines of a file: names of columns and cells; the first row decides the columns."""
    all_rows = list(rows)
    names = list(all_rows[0])
    texts = [",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in all_rows)]
    return [f"{text}\r".encode() for text in texts]


def steady_rows(
    begin: str, minutes: int, *, kw: float = 1.2, every_s: int = 60, start_kwh: float = 100.0
) -> list[dict[str, object]]:
    """Give rows of a house that draws the same power all the time, by day; its counter stands at `start_kwh` at the begin."""
    moment = local(begin)
    rows: list[dict[str, object]] = []
    for second in range(0, minutes * 60 + 1, every_s):
        at = (moment.astimezone(UTC) + timedelta(seconds=second)).astimezone(BRUSSELS)
        rows.append({"timestamp": at.isoformat(), "total_consumption_day": f"{start_kwh + kw * second / 3600:.3f}"})
    return rows


def intake_of(*files: Sequence[bytes], known: Sequence[str] = ()) -> Intake:
    """Take in files, each as its lines."""
    intake = Intake(Quarters(BRUSSELS), known)
    for number, lines in enumerate(files, 1):
        intake.begin(f"file {number}")
        intake.take(lines)
    intake.finish()
    return intake


def told(
    *files: Sequence[bytes],
    period: Period | None = None,
    known: Sequence[str] = (),
    price: float | None = None,
    now: str = LATER,
) -> Report:
    """Give the report of files, each as its lines."""
    report = report_of(intake_of(*files, known=known), "home", period or Period(), price, local(now).timestamp())
    assert report is not None
    return report
