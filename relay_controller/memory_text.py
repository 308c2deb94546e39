"""The memory as text: one JSON object. What is wrong in any way is refused as a whole: a torn file has no truth in it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import TypeVar

from common.timestamps import YEARS
from relay_controller.checked_load import Learned
from relay_controller.memory import Memory, Remembered
from relay_controller.power_step import ALL_PHASES, PHASES
from relay_controller.quarter import Quarter, quarter_at

T = TypeVar("T")
_VERSION = 1
_LARGEST = 10**12  # of all numbers: Unix times and seconds are far smaller
_PHASES = frozenset({"", *PHASES, ALL_PHASES})


def text_of(memory: Memory) -> str:
    """Write a memory."""
    loads = {name: _load_out(one) for name, one in memory.loads.items()}
    whole = {
        "version": _VERSION,
        "loads": loads,
        "quarter": _quarter_out(memory.quarter),
        "shed_in": memory.shed_in,
        "low_began_s": memory.low_began_s,
        "low_ended_s": memory.low_ended_s,
    }
    return json.dumps(whole, indent=1) + "\n"


def memory_from(text: str) -> Memory:
    """Read what `text_of` wrote. Raises ValueError for anything else."""
    try:
        whole = _object(json.loads(text))
    except RecursionError:
        raise ValueError("nested without end") from None
    if whole.get("version") != _VERSION:
        raise ValueError(f"expected version {_VERSION}")
    loads = {name: _load_in(_object(one)) for name, one in _object(whole.get("loads")).items()}
    low_began_s, low_ended_s = (_of(whole, key, _number) for key in ("low_began_s", "low_ended_s"))
    return Memory(loads, _quarter_in(whole), _of(whole, "shed_in", _whole_number), low_began_s, low_ended_s)


def _load_out(one: Remembered) -> dict[str, object]:
    out: dict[str, object] = {field.name: getattr(one, field.name) for field in fields(one)}
    out["day"] = one.day and one.day.isoformat()
    out["chosen_at"] = one.chosen_at and one.chosen_at.isoformat()
    out["learned"] = one.learned and {"power_w": one.learned.power_w, "phase": one.learned.phase}
    return out


def _load_in(one: Mapping[str, object]) -> Remembered:
    return Remembered(
        day=_of(one, "day", _day),
        starts=_whole_number(one.get("starts")),
        on_s=_number(one.get("on_s")),
        due_at_s=_of(one, "due_at_s", _number),
        guaranteed_s=_number(one.get("guaranteed_s")),
        has_begun=_flag(one.get("has_begun")),
        chosen_on=_of(one, "chosen_on", _flag),
        chosen_at=_of(one, "chosen_at", _moment),
        learned=_of(one, "learned", _learned),
    )


def _quarter_out(quarter: Quarter | None) -> dict[str, object] | None:
    if quarter is None:
        return None
    return {
        "at_s": quarter.at_s,
        "import_kw": quarter.import_kw,
        "demand_kw": quarter.demand_kw,
        "month": quarter.month,
        "month_peak_kw": quarter.month_peak_kw,
        "is_whole": quarter.is_whole,
    }


def _quarter_in(whole: Mapping[str, object]) -> Quarter | None:
    if whole.get("quarter") is None:
        return None
    one = _object(whole.get("quarter"))
    month = one.get("month")
    if not isinstance(month, str) or re.fullmatch(r"[0-9]{4}-[0-9]{2}", month, re.ASCII) is None:
        raise ValueError("expected a year and a month")
    at_s, import_kw, demand_kw, peak_kw = (_number(one.get(key)) for key in ("at_s", "import_kw", "demand_kw", "month_peak_kw"))
    return quarter_at(at_s, import_kw, demand_kw, month, peak_kw, is_whole=_flag(one.get("is_whole")))


def _of(one: Mapping[str, object], key: str, read: Callable[[object], T]) -> T | None:
    value = one.get(key)
    return None if value is None else read(value)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("expected an object")  # noqa: TRY004 -- of a text
    return value


def _number(value: object) -> float:
    """Read a number; none of ours is negative."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST:
        raise ValueError("expected a number from 0 on")
    return float(value)


def _whole_number(value: object) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError("expected a whole number")
    return int(number)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")  # noqa: TRY004 -- of a text
    return value


def _day(value: object) -> date:
    day = date.fromisoformat(str(value))
    if day.year not in YEARS:
        raise ValueError("expected a day of this century")
    return day


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("expected a time with its offset")
    return moment


def _learned(value: object) -> Learned:
    one = _object(value)
    phase = one.get("phase")
    if not isinstance(phase, str) or phase not in _PHASES:
        raise ValueError("expected a phase")
    return Learned(_number(one.get("power_w")), phase)
