"""The numbers of a replay, in the units that people use: what `--json` prints and the table shows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from common.sections import TariffSettings
from relay_controller.replay.bill import bill_of, keys_without_price
from relay_controller.replay.meter import WS_PER_KWH
from relay_controller.replay.notes import model_of, notes_of
from relay_controller.replay.outcome import Outcome, Runs
from relay_controller.replay.scenario import Scenario, Use

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class RecordingReport:
    """What was replayed."""

    begin: str  # ISO 8601
    end: str
    readings: int
    counted_s: float
    gaps: int
    gap_s: float
    out_of_order: int  # left out
    without_tariff: int  # counted as day
    unreadable: int  # left out


@dataclass(frozen=True, slots=True)
class MonthReport:
    """The peak of a month."""

    month: str  # 2026-06
    highest_quarter_kw: float  # of the recording
    highest_quarter_end: str  # ISO 8601
    peak_kw: float  # of the month, also before the recording
    capacity_eur: float | None


@dataclass(frozen=True, slots=True)
class ScenarioReport:
    """What the meter would have shown, and what that costs."""

    drawn_day_kwh: float
    drawn_night_kwh: float
    injected_kwh: float
    energy_eur: float | None
    capacity_eur: float | None
    months: tuple[MonthReport, ...]


@dataclass(frozen=True, slots=True)
class UseReport:
    """What a load used; the percentage is of what it used, None if that is nothing."""

    on_s: float
    used_kwh: float
    own_kwh: float
    own_percent: float | None


@dataclass(frozen=True, slots=True)
class LoadReport:
    """One load."""

    power_w: float
    switches: int
    starts: int
    longest_run_s: float
    shortest_run_s: float | None
    with_control: UseReport
    without_control: UseReport


@dataclass(frozen=True, slots=True)
class Report:
    """All of it; `notes` and `model` are sentences."""

    recording: RecordingReport
    house_alone: ScenarioReport
    without_control: ScenarioReport
    with_control: ScenarioReport
    loads: Mapping[str, LoadReport]
    without_price: tuple[str, ...]  # keys of [tariff]
    notes: tuple[str, ...]
    model: tuple[str, ...]


def report_of(
    outcome: Outcome, prices: TariffSettings, unreadable: int, unknown_fields: Mapping[str, Collection[str]]
) -> Report:
    """Turn what came out into numbers for people.

    `unknown_fields` names, for each load, the fields that its conditions ask for and that the recording never has.
    """
    counts, meter = outcome.counts, outcome.house.meter
    recording = RecordingReport(
        begin=outcome.first.isoformat(),
        end=outcome.last.isoformat(),
        readings=counts.rows,
        counted_s=meter.counted_s,
        gaps=counts.gaps,
        gap_s=counts.gap_s,
        out_of_order=counts.out_of_order,
        without_tariff=counts.without_tariff,
        unreadable=unreadable,
    )
    return Report(
        recording=recording,
        house_alone=_scenario(outcome.house, prices),
        without_control=_scenario(outcome.timed, prices),
        with_control=_scenario(outcome.controlled, prices),
        loads={name: _load(outcome.runs[name], use, outcome.timed.uses[name]) for name, use in outcome.controlled.uses.items()},
        without_price=keys_without_price(prices),
        notes=tuple(notes_of(outcome, prices, unreadable, unknown_fields)),
        model=model_of(outcome.timers_from_min),
    )


def _scenario(scenario: Scenario, prices: TariffSettings) -> ScenarioReport:
    meter, bill = scenario.meter, bill_of(scenario.meter, prices)
    return ScenarioReport(
        drawn_day_kwh=_kwh(meter.drawn_day_ws),
        drawn_night_kwh=_kwh(meter.drawn_night_ws),
        injected_kwh=_kwh(meter.injected_ws),
        energy_eur=_rounded(bill.energy_eur),
        capacity_eur=_rounded(bill.all_capacity_eur),
        months=tuple(
            MonthReport(
                month=month.name,
                highest_quarter_kw=round(month.quarter_kw, _DIGITS),
                highest_quarter_end=month.quarter_end.isoformat() if month.quarter_end else "",
                peak_kw=round(month.peak_kw, _DIGITS),
                capacity_eur=_rounded(None if bill.capacity_eur is None else bill.capacity_eur[month.name]),
            )
            for month in meter.recorded_months
        ),
    )


def _load(runs: Runs, controlled: Use, timed: Use) -> LoadReport:
    return LoadReport(
        power_w=controlled.power_w,
        switches=runs.switches,
        starts=runs.starts,
        longest_run_s=runs.longest_s,
        shortest_run_s=runs.shortest_s,
        with_control=_use(controlled),
        without_control=_use(timed),
    )


def _use(use: Use) -> UseReport:
    percent = round(100 * use.own_ws / use.drawn_ws, _DIGITS) if use.drawn_ws else None
    return UseReport(on_s=use.on_s, used_kwh=_kwh(use.drawn_ws), own_kwh=_kwh(use.own_ws), own_percent=percent)


def _kwh(energy_ws: float) -> float:
    return round(energy_ws / WS_PER_KWH, _DIGITS)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
