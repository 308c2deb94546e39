"""What one should know to trust the numbers of a replay: how they are reckoned, and what is not in them."""

from collections.abc import Collection, Iterator, Mapping

from common.sections import TariffSettings
from relay_controller.replay.bill import keys_without_price
from relay_controller.replay.outcome import Outcome

_HOUR_S = 3600


def model_of(timers_from_min: int) -> tuple[str, ...]:
    """Say how a replay is reckoned in which timers start that many minutes after midnight."""
    timers_from = f"{timers_from_min // 60:02d}:{timers_from_min % 60:02d}"
    return (
        "The recorded power is the house as it was; the loads are added to it, each with its power all the time that it is on.",
        f"Without control, timers start every load at {timers_from} of each day, for as long as the rules had it on that day.",
        "Own production is what would have been injected otherwise; the load of the first priority takes first.",
        "Energy is power times the time since the reading before. Quarter-hours are the clock's and count what is drawn.",
        "The energy cost is that of the recording, the capacity cost that of whole months, of at least 2.5 kW each.",
    )


def notes_of(
    outcome: Outcome, prices: TariffSettings, unreadable: int, unknown_fields: Mapping[str, Collection[str]]
) -> Iterator[str]:
    """Give a sentence for each thing that is missing, left out or assumed in this replay.

    `unknown_fields` names, for each load, the fields that its conditions ask for and that the recording never has.
    """
    counts = outcome.counts
    if not outcome.controlled.uses:
        yield "No enabled load has rules: there is only the house."
    for load, fields in unknown_fields.items():
        yield f"Load {load}: its conditions ask for {', '.join(sorted(fields))}, which the recording never has."
    if counts.gaps:
        yield f"Gaps, in which what the house drew counts nowhere: {counts.gaps:,}, of {duration_text(counts.gap_s)} in all."
    if counts.out_of_order:
        yield f"Readings that go back in time or repeat a moment, left out: {counts.out_of_order:,}."
    if unreadable:
        yield f"Rows or telegrams that cannot be read, left out: {unreadable:,}."
    if counts.without_tariff:
        yield f"Readings that tell neither day nor night, counted as day: {counts.without_tariff:,}."
    for month in outcome.house.meter.recorded_months:
        if month.told_kw > month.quarter_kw:
            yield f"{month.name}: before the recording the month's peak was {month.told_kw:.3f} kW, which counts for capacity."
    if without_price := keys_without_price(prices):
        yield f"Parts of the cost without a price in [tariff], left out: {', '.join(without_price)}."


def duration_text(seconds: float) -> str:
    """Give hours and minutes, as 8:59 h; less than an hour in minutes or seconds."""
    if seconds < 60:  # noqa: PLR2004 -- a minute
        return f"{seconds:.0f} s"
    if seconds < _HOUR_S:
        return f"{seconds / 60:.0f} min"
    minutes = round(seconds / 60)
    return f"{minutes // 60:,}:{minutes % 60:02d} h"
