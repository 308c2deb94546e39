"""What one should know to trust the numbers of a report: what was left out, and what nobody knows."""

from collections.abc import Iterator, Mapping, Sequence

from csv_logger.report.ledger import Ledger
from csv_logger.report.peaks import MONTHS, MonthPeak
from csv_logger.report.period import Period
from csv_logger.report.portion import FileTally
from csv_logger.report.told import Month

_SHOWN_FILES = 10
_SHOWN_JUMPS = 5
_SAME_KW = 0.01  # of two peaks
WHOLE_PERCENT = 95.0  # recorded: less is said

MODEL = (
    "Energy is the difference of the meter's counters; the times of gas and water are those of their own meters.",
    "What was counted in a gap over midnight has a line of its own: it belongs to a month, but to no day.",
    "A quarter-hour's average is what the meter tells at its end, else the difference of the counters.",
    "Billed is the mean of the last twelve month peaks, each of at least 2.5 kW; a peak that the meter tells comes first.",
    "Own use is not here: the meter at the grid's edge does not know what panels make and the house uses at once.",
)


def notes_of(
    ledger: Ledger,
    recorded: Mapping[Month, float],
    peaks: Sequence[MonthPeak],
    tallies: Sequence[FileTally],
    duplicates: int,
    period: Period,
) -> Iterator[str]:
    """Give a sentence for each thing that is missing, left out or strange; `recorded` is in percent."""
    yield from _peaks(recorded, peaks)
    jumps = sorted({(jump.end.day, jump.name) for jump in ledger.jumps if period.has(jump.end.day)})
    for day, name in jumps[:_SHOWN_JUMPS]:
        yield f"{day}: {name} went back or leapt, as when a meter is replaced; what came with it counts nowhere."
    if len(jumps) > _SHOWN_JUMPS:
        yield f"And {len(jumps) - _SHOWN_JUMPS:,} more such leaps."
    if duplicates:
        yield f"Rows of a second that has one already, left out: {duplicates:,}."
    strange = [sentence for tally in tallies for sentence in _of_file(tally)]
    yield from strange[:_SHOWN_FILES]
    if len(strange) > _SHOWN_FILES:
        yield f"And {len(strange) - _SHOWN_FILES:,} more such notes of other files; --json has the sum."


def _peaks(recorded: Mapping[Month, float], peaks: Sequence[MonthPeak]) -> Iterator[str]:
    for peak in peaks:
        if peak.computed_kw is None:
            continue
        share = f"{percent_text(recorded[peak.month])} % of the month is recorded"
        if peak.told_kw is None:
            if recorded[peak.month] < WHOLE_PERCENT:
                yield f"{peak.month}: the meter tells no peak, and {share}; there may be one above {peak.computed_kw:.3f} kW."
        elif abs(peak.told_kw - peak.computed_kw) > _SAME_KW:
            yield (
                f"{peak.month}: the meter tells a peak of {peak.told_kw:.3f} kW, the highest quarter-hour in the files has "
                f"{peak.computed_kw:.3f} kW ({share})."
            )
    if 0 < len(peaks) < MONTHS:
        yield f"The capacity tariff takes {MONTHS} months; a peak is known of {len(peaks)}: the mean is that of these."


def _of_file(tally: FileTally) -> Iterator[str]:
    if tally.damage:
        yield f"{tally.name}: damaged ({tally.damage}); what comes after the damage is missing."
    if tally.left_out:
        yield f"{tally.name}: {tally.left_out}."


def percent_text(percent: float) -> str:
    """Give a percentage, without its sign, that is 100 only if nothing is missing, and 0 only if all is."""
    return "<1" if 0 < percent < 1 else str(int(percent))
