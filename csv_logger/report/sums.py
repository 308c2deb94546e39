"""What was drawn, injected and used in a day, a gap or a month: whole millionths, so that the days of a month are the month."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from csv_logger.report.layout import MEDIA_NAMES, REGISTERS

DRAWN, INJECTED = "total_consumption", "total_injection"


@dataclass(frozen=True, slots=True)
class Sums:
    """In millionths of kWh, m³ or GJ; None where nothing was told of it. `by_name`: of each register, as REGISTERS."""

    drawn: int | None = None
    injected: int | None = None
    by_name: Mapping[str, int] = field(default_factory=dict)
    media: Mapping[str, int] = field(default_factory=dict)


def sums_of(counted: Mapping[str, int]) -> Sums:
    """Give the sums of what was counted by register and by medium."""
    return Sums(
        drawn=_all_of(DRAWN, counted),
        injected=_all_of(INJECTED, counted),
        by_name={name: counted[name] for name in REGISTERS if name in counted},
        media={name: counted[name] for name in MEDIA_NAMES if name in counted},
    )


def together(parts: Iterable[Sums]) -> Sums:
    """Give the sums of several."""
    all_parts = list(parts)
    return Sums(
        drawn=_sum(part.drawn for part in all_parts),
        injected=_sum(part.injected for part in all_parts),
        by_name=_added(part.by_name for part in all_parts),
        media=_added(part.media for part in all_parts),
    )


def _all_of(name: str, counted: Mapping[str, int]) -> int | None:
    """Give what all tariffs counted, or their one register: whichever was there for longer, should a meter have both."""
    tariffs = [counted[one] for one in REGISTERS if one.startswith(f"{name}_") and one in counted]
    known = [counted[name]] if name in counted else []
    if tariffs:
        known.append(sum(tariffs))
    return max(known, default=None)


def _sum(amounts: Iterable[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _added(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    added: dict[str, int] = {}
    for part in parts:
        for name, amount in part.items():
            added[name] = added.get(name, 0) + amount
    return added
