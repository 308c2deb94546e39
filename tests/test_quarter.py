"""The running quarter-hour: its average so far, its forecast, the month's peak and the limit."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.payload import Reading
from reader.household import Household, MeterState
from reader.sunshine import BRUSSELS
from relay_controller.load import PeakRule
from relay_controller.quarter import QUARTER_S, Month, Quarter, quarter_after, quarter_at

BEGIN = datetime(2026, 6, 15, 12, tzinfo=UTC)
BEGIN_S = BEGIN.timestamp()  # of a quarter
JUNE, JULY = "2026-06", "2026-07"

Moment = tuple[float, Reading]  # seconds since BEGIN, telegram


def telegram(import_kw: float, demand_kw: float | None = None, /, **fields: object) -> Reading:
    """Give a telegram that draws so much, with the average that the meter tells, if it does."""
    told = {} if demand_kw is None else {"average_demand": demand_kw}
    return Reading("home", BEGIN, 1, {"actual_total_consumption": import_kw, **told, **fields})


def follow(moments: Iterable[Moment], before: Quarter | None = None) -> list[Quarter]:
    """Give the quarter after each telegram of June."""
    quarters = []
    for seconds, reading in moments:
        before = quarter_after(before, reading, BEGIN_S + seconds, JUNE)
        assert before is not None
        quarters.append(before)
    return quarters


def demands_kw(quarters: Iterable[Quarter]) -> list[float]:
    """Give the averages so far, without the last bits of a sum of floats."""
    return [round(quarter.demand_kw, 9) for quarter in quarters]


def forecasts_kw(quarters: Iterable[Quarter]) -> list[float]:
    """Give the forecasts, without the last bits of a sum of floats."""
    return [round(quarter.forecast_kw, 9) for quarter in quarters]


@pytest.mark.parametrize(
    ("seconds", "import_kw", "demand_kw", "forecast_kw"),
    [
        pytest.param(0, 3.0, 0.0, 3.0, id="at the begin the power is the forecast"),
        pytest.param(300, 3.0, 1.0, 3.0, id="constant"),
        pytest.param(300, 0.0, 1.0, 1.0, id="nothing more is drawn"),
        pytest.param(450, 6.0, 0.5, 3.5, id="half of the quarter is left"),
        pytest.param(899, 9.0, 2.0, 2.01, id="the last second changes little"),
        pytest.param(900, 9.0, 0.0, 9.0, id="the next quarter begins on its mark"),
        pytest.param(450.5, 9.0, 1.0, 5.495, id="times with a fraction"),
    ],
)
def test_the_forecast_is_what_the_quarter_averages_if_nothing_changes(
    seconds: float, import_kw: float, demand_kw: float, forecast_kw: float
) -> None:
    """The average so far as the meter tells it, and the power for what is left."""
    (quarter,) = follow([(seconds, telegram(import_kw, demand_kw))])
    assert (quarter.demand_kw, round(quarter.forecast_kw, 9)) == (demand_kw, forecast_kw)
    assert quarter.forecast_with_kw(import_kw) == quarter.forecast_kw
    assert quarter.left_s == QUARTER_S - seconds % QUARTER_S


def test_another_power_gives_another_forecast() -> None:
    """Of the same quarter, from now on."""
    (quarter,) = follow([(300, telegram(3.0, 1.5))])
    assert [round(quarter.forecast_with_kw(kw), 9) for kw in (0.0, 3.0, 9.0)] == [1.5, 3.5, 7.5]


@pytest.mark.parametrize(
    ("fields", "import_kw"),
    [
        pytest.param({"actual_total_consumption": 1.2, "net_power": 1200}, 1.2, id="drawn"),
        pytest.param({"actual_total_consumption": 0.0, "net_power": -3000}, 0.0, id="injected"),
        pytest.param(
            {"actual_total_consumption": 1.2, "actual_total_injection": 4.0, "net_power": -2800}, 1.2, id="both: import only"
        ),
        pytest.param({"net_power": 1200}, 1.2, id="net power alone"),
        pytest.param({"net_power": -1200}, 0.0, id="net power alone, injected"),
        pytest.param({"actual_total_consumption": -1.2}, 0.0, id="a negative consumption is injection"),
    ],
)
def test_only_what_is_drawn_counts(fields: dict[str, object], import_kw: float) -> None:
    """Injection never makes a quarter better."""
    (quarter,) = follow([(300, Reading("home", BEGIN, 1, {**fields, "average_demand": 0.5}))])
    assert (quarter.import_kw, quarter.forecast_kw) == (import_kw, 0.5 + import_kw * 600 / 900)


def test_a_telegram_that_tells_no_power_gives_no_quarter() -> None:
    """Not even with an average, and whatever was before."""
    (before,) = follow([(0, telegram(3.0))])
    for fields in ({}, {"average_demand": 1.0}, {"actual_total_injection": 1.0}):
        assert quarter_after(before, Reading("home", BEGIN, 1, fields), BEGIN_S + 1, JUNE) is None


@pytest.mark.parametrize("interval_s", [1, 5, 10, 60, 300])
def test_what_is_drawn_is_added_up_where_the_meter_does_not(interval_s: int) -> None:
    """Each telegram tells the power since the one before; the sum is exact, quarter after quarter."""
    seconds = range(0, 2 * QUARTER_S, interval_s)
    powers_kw = [0.1 * (second * 7 % 90) for second in seconds]
    quarters = follow((second, telegram(kw)) for second, kw in zip(seconds, powers_kw, strict=True))
    expected_kw, sum_kws = [], 0.0
    for second, kw in zip(seconds, powers_kw, strict=True):
        sum_kws = sum_kws + kw * interval_s if second % QUARTER_S else 0.0
        expected_kw.append(round(sum_kws / QUARTER_S, 9))
    assert demands_kw(quarters) == expected_kw


@pytest.mark.parametrize(
    ("moments", "expected_kw"),
    [
        pytest.param([(450, 9.0), (460, 9.0), (461, 0.0)], [4.5, 4.6, 4.6], id="begun in the middle, it went as it goes"),
        pytest.param([(450, 0.0), (460, 9.0)], [0.0, 0.1], id="or did not"),
        pytest.param([(0, 9.0), (100, 0.0), (200, 4.5)], [0.0, 0.0, 0.5], id="a gap counts with the power after it"),
        pytest.param([(0, 9.0), (10, 9.0), (10, 9.0), (20, 9.0)], [0.0, 0.1, 0.1, 0.2], id="a time twice counts once"),
        pytest.param([(895, 9.0), (905, 9.0), (915, 9.0)], [8.95, 0.05, 0.15], id="over the end of a quarter"),
        pytest.param([(890, 9.0), (1000, 0.9), (1010, 0.9)], [8.9, 0.1, 0.11], id="a gap over the end"),
        pytest.param([(890, 9.0), (9100, 0.9)], [8.9, 0.1], id="a gap of hours"),
    ],
)
def test_what_was_not_seen_is_assumed(moments: list[tuple[float, float]], expected_kw: list[float]) -> None:
    """A quarter whose begin was not seen went as it goes now."""
    assert demands_kw(follow((seconds, telegram(kw)) for seconds, kw in moments)) == expected_kw


def test_a_meter_that_leaves_its_average_out_once_is_helped_out() -> None:
    """The sum goes on from what it told last, and its next word counts again."""
    quarters = follow([(100, telegram(9.0, 0.5)), (110, telegram(9.0)), (120, telegram(9.0)), (130, telegram(9.0, 0.81))])
    assert demands_kw(quarters) == [0.5, 0.6, 0.7, 0.81]


@pytest.mark.parametrize(
    ("moments", "expected_kw"),
    [
        pytest.param([(899, 1.8, 2.0), (900, 1.8, 0.0), (901, 1.8, 0.002)], [2.002, 1.8, 1.8], id="it begins anew in time"),
        pytest.param([(899, 1.8, 2.0), (900, 1.8, 2.002), (901, 1.8, 0.002)], [2.002, 1.8, 1.8], id="one second late"),
        pytest.param(
            [(899, 1.8, 2.0), *((900 + second, 1.8, 2.002) for second in range(5)), (905, 1.8, 0.01)],
            [2.002] + [1.8] * 6,
            id="five seconds late",
        ),
        pytest.param(
            [(895, 1.8, 2.0), (905, 1.8, 2.01), (915, 1.8, 2.01), (925, 1.8, 0.05)],
            [2.01, 1.8, 1.8, 1.8],
            id="a meter of every ten seconds",
        ),
        pytest.param([(840, 1.8, 1.5), (901, 1.8, 1.6), (902, 1.8, 0.004)], [1.62, 1.8, 1.8], id="after a gap"),
        pytest.param(
            [(899, 9.0, 0.01), (900, 9.0, 0.0), (903, 9.0, 0.03)], [0.02, 9.0, 9.0], id="more than a quiet quarter had in all"
        ),
        pytest.param([(899, 1.8, 2.0), (930, 1.8, 2.0)], [2.002, 3.74], id="for half a minute at most"),
        pytest.param(
            [(899, 0.0, 0.0), (900, 1.0, 0.0), (902, 1.0, 0.002)],
            [0.0, 1.0, 0.999777778],
            id="nothing was drawn, nothing to wait for",
        ),
    ],
)
def test_a_meter_may_tell_the_last_quarters_average_for_a_moment(
    moments: list[tuple[float, float, float]], expected_kw: list[float]
) -> None:
    """It must not look like a high forecast; until the meter begins anew, the sum is ours."""
    quarters = follow((seconds, telegram(kw, told_kw)) for seconds, kw, told_kw in moments)
    assert forecasts_kw(quarters) == expected_kw


@pytest.mark.parametrize("interval_s", [1, 10])
@pytest.mark.parametrize("late_s", [0, 1, 3, 20])
def test_a_late_meter_forecasts_constant_power_all_the_time(late_s: int, interval_s: int) -> None:
    """Through three quarters of 2 kW there is never another forecast, and no average above what was drawn."""
    moments = []
    for second in range(QUARTER_S - 100, 4 * QUARTER_S, interval_s):
        so_far_s = QUARTER_S if second % QUARTER_S < late_s else second % QUARTER_S
        moments.append((float(second), telegram(2.0, 2.0 * so_far_s / QUARTER_S)))
    quarters = follow(moments)
    assert set(forecasts_kw(quarters)) == {2.0}
    assert demands_kw(quarters) == [round(2.0 * (seconds % QUARTER_S) / QUARTER_S, 9) for seconds, _ in moments]


@pytest.mark.parametrize(
    ("moments", "expected_kw"),
    [
        pytest.param([(100, 9.0), (200, 9.0), (150, 9.0), (160, 9.0)], [1.0, 2.0, 2.0, 2.1], id="back within the quarter"),
        pytest.param([(910, 9.0), (920, 9.0), (890, 1.8), (900, 1.8)], [0.1, 0.2, 1.78, 0.0], id="back into the one before"),
        pytest.param([(100, 9.0), (700, 9.0)], [1.0, 7.0], id="forth within the quarter"),
        pytest.param([(100, 9.0), (1000, 9.0), (1010, 9.0)], [1.0, 1.0, 1.1], id="forth by a quarter"),
        pytest.param([(100, 9.0), (-86300, 9.0), (110, 9.0)], [1.0, 1.0, 1.1], id="a day back and forth again"),
    ],
)
def test_a_clock_that_jumps_leaves_a_plausible_average(moments: list[tuple[float, float]], expected_kw: list[float]) -> None:
    """Never less than what was seen of the quarter."""
    assert demands_kw(follow((seconds, telegram(kw)) for seconds, kw in moments)) == expected_kw


def test_what_the_meter_tells_counts_after_a_jump_of_its_clock() -> None:
    """Back over the begin of a quarter, an average is that of the quarter that it tells now."""
    quarters = follow([(899, telegram(1.0, 2.0)), (901, telegram(1.0, 2.001)), (899, telegram(1.0, 2.0))])
    assert demands_kw(quarters) == [2.0, 0.001111111, 2.0]


@pytest.mark.parametrize(
    ("month", "peak_kw", "stamp", "expected_kw"),
    [
        pytest.param(JUNE, 3.2, "2026-06-09T18:45:00+02:00", 3.2, id="of this month"),
        pytest.param(JUNE, 3.2, "2026-05-09T18:45:00+02:00", 0.0, id="still of the last one"),
        pytest.param(JUNE, 3.2, "2025-06-09T18:45:00+02:00", 0.0, id="of a year ago"),
        pytest.param(JULY, 3.2, "2026-07-01T00:00:00+02:00", 0.0, id="the first midnight ends a quarter of the month before"),
        pytest.param(JULY, 3.2, "2026-07-01T00:15:00+02:00", 3.2, id="the first quarter of a month"),
        pytest.param(JULY, 3.2, "2026-07-02T00:00:00+02:00", 3.2, id="another midnight"),
        pytest.param("2027-01", 3.2, "2027-01-01T00:00:00+01:00", 0.0, id="New Year"),
        pytest.param("2027-01", 3.2, "2026-12-31T23:45:00+01:00", 0.0, id="New Year's Eve"),
        pytest.param(JUNE, 3.2, None, 3.2, id="without its time it is believed"),
        pytest.param(JUNE, 0.0, "2026-06-01T00:00:00+02:00", 0.0, id="no quarter is complete"),
    ],
)
def test_the_meter_tells_the_peak_of_its_month(month: Month, peak_kw: float, stamp: str | None, expected_kw: float) -> None:
    """A row per time of the peak; what we saw ourselves does not count beside it."""
    before = quarter_at(BEGIN_S, 9.0, 0.0, month, 9.0)
    stamps = {} if stamp is None else {"peak_demand_month_timestamp": stamp}
    quarter = quarter_after(before, telegram(1.0, peak_demand_month=peak_kw, **stamps), BEGIN_S + 1, month)
    assert quarter is not None
    assert quarter.month_peak_kw == expected_kw


def test_a_peak_that_is_missing_once_is_kept() -> None:
    """A telegram without it does not make the month begin anew."""
    told = {"peak_demand_month": 4.1, "peak_demand_month_timestamp": "2026-06-09T18:45:00+02:00"}
    quarters = follow([(0, telegram(1.0, **told)), (1, telegram(1.0)), (2, telegram(1.0, **told))])
    assert [quarter.month_peak_kw for quarter in quarters] == [4.1, 4.1, 4.1]


@pytest.mark.parametrize("interval_s", [1, 10])
def test_without_the_meters_word_the_peak_is_the_highest_quarter_that_was_seen(interval_s: int) -> None:
    """Known at the end of each quarter, and never lower again."""
    powers_kw = [1.0, 4.0, 3.0, 4.5, 0.0]
    moments = [
        (second, telegram(powers_kw[(second - 1) // QUARTER_S]))
        for second in range(interval_s, len(powers_kw) * QUARTER_S, interval_s)
    ]
    quarters = follow(moments, quarter_at(BEGIN_S, 0.0, 0.0, JUNE, 0.0))
    peaks_kw = [round(quarter.month_peak_kw, 9) for quarter in quarters]
    assert peaks_kw[:: QUARTER_S // interval_s] == [0.0, 1.0, 4.0, 4.0, 4.5]
    assert peaks_kw == sorted(peaks_kw)


def test_what_the_meter_tells_of_a_quarter_makes_a_peak_however_little_was_seen_of_it() -> None:
    """A meter with an average but without a peak knows the quarter from its begin."""
    quarters = follow([(890, telegram(1.8, 3.0)), (901, telegram(1.8, 0.002))])
    assert [round(quarter.month_peak_kw, 9) for quarter in quarters] == [0.0, 3.02]


@pytest.mark.parametrize("interval_s", [1, 10])
def test_the_last_quarter_of_a_month_belongs_to_it(interval_s: int) -> None:
    """A new month begins without a peak, and its own first quarter is its first peak."""
    quarter: Quarter | None = quarter_at(BEGIN_S, 0.0, 0.0, JUNE, 3.0)
    peaks_kw = []
    for second in range(interval_s, 2 * QUARTER_S + interval_s, interval_s):
        month = JUNE if second < QUARTER_S else JULY
        quarter = quarter_after(quarter, telegram(8.0 if second <= QUARTER_S else 1.0), BEGIN_S + second, month)
        assert quarter is not None
        peaks_kw.append((quarter.month, round(quarter.month_peak_kw, 9)))
    assert list(dict.fromkeys(peaks_kw)) == [(JUNE, 3.0), (JULY, 0.0), (JULY, 1.0)]


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param([(890, 9.0), (900, 9.0), (901, 0.0)], id="begun ten seconds before its end"),
        pytest.param([(0, 0.0), (10, 0.0), (905, 9.0), (906, 0.0)], id="a gap over almost all of it"),
        pytest.param([(0, 0.0), (901, 9.0), (899, 9.0), (900, 9.0), (901, 0.0)], id="the clock goes back over its end"),
    ],
)
def test_a_quarter_that_was_hardly_seen_is_no_peak_of_the_month(moments: list[tuple[float, float]]) -> None:
    """A kettle of 9 kW for some seconds must not lift the limit until the month ends: only what was seen counts."""
    seen_at_most_kw = 9.0 * 20 / QUARTER_S
    assert follow((seconds, telegram(kw)) for seconds, kw in moments)[-1].month_peak_kw <= seen_at_most_kw


@pytest.mark.parametrize(
    ("rule", "peak_kw", "limit_kw"),
    [
        pytest.param(PeakRule(4.0, 0.15), 9.0, 3.85, id="a fixed limit knows no peak"),
        pytest.param(PeakRule(4.0, 0.0), 0.0, 4.0, id="without margin"),
        pytest.param(PeakRule(1.0, 0.15), 0.0, 0.85, id="a fixed limit may be less than what is billed"),
        pytest.param(PeakRule(None, 0.15), 0.0, 2.35, id="follow a month that has just begun"),
        pytest.param(PeakRule(None, 0.15), 2.4, 2.35, id="follow a peak that costs nothing more"),
        pytest.param(PeakRule(None, 0.15), 4.0, 3.85, id="follow the peak"),
        pytest.param(PeakRule(None, 0.0), 4.0, 4.0, id="follow without margin"),
    ],
)
def test_the_limit_is_fixed_or_follows_the_months_peak(rule: PeakRule, peak_kw: float, limit_kw: float) -> None:
    """Less the margin; at least 2.5 kW are billed anyway."""
    assert quarter_at(BEGIN_S, 1.0, 0.0, JUNE, peak_kw).limit_kw(rule) == limit_kw


def test_a_quarter_that_was_kept_goes_on() -> None:
    """What was kept of a sum is the same quarter again, and the next telegram adds to it."""
    before, after = follow([(0, telegram(9.0)), (100, telegram(9.0))])
    again = quarter_at(before.at_s, before.import_kw, before.demand_kw, before.month, before.month_peak_kw)
    assert again == before
    assert follow([(100, telegram(9.0))], again) == [after]


def told_by(state: MeterState) -> Reading:
    """Give the telegram of a household without what its meter adds up."""
    fields = {"actual_total_consumption": max(0, state.power_w) / 1000, "net_power": state.power_w}
    return Reading("home", state.moment, 1, fields)


@pytest.mark.parametrize(
    ("seed", "start"),
    [
        pytest.param(1, datetime(2026, 6, 15, 10, tzinfo=BRUSSELS), id="a day in June"),
        pytest.param(2, datetime(2026, 1, 31, 22, tzinfo=BRUSSELS), id="over the end of a month"),
        pytest.param(3, datetime(2026, 10, 25, 1, tzinfo=BRUSSELS), id="an hour comes twice"),
        pytest.param(4, datetime(2026, 3, 29, 0, 45, tzinfo=BRUSSELS), id="an hour is left out"),
    ],
)
def test_we_add_up_as_the_meter_does(seed: int, start: datetime) -> None:
    """Average and month's peak are those of the meter to 1 W at each second of four hours, and the forecast comes true."""
    household = Household(seed, start)
    state = household.state()
    peak_kw = state.month_peak.power_w / 1000
    quarter: Quarter | None = quarter_at(start.timestamp(), 0.0, 0.0, f"{start:%Y-%m}", peak_kw)
    drawn_ws = 0
    for _ in range(4 * 3600):
        before, state = quarter, household.step()
        drawn_ws += max(0, state.power_w)
        quarter = quarter_after(before, told_by(state), state.moment.timestamp(), f"{state.moment:%Y-%m}")
        assert before is not None
        assert quarter is not None
        assert abs(quarter.demand_kw * 1000 - state.average_demand_w) < 1.001
        assert abs(quarter.month_peak_kw * 1000 - state.month_peak.power_w) < 1.001
        if quarter.number != before.number:
            assert round(before.forecast_with_kw(quarter.import_kw) * 1000, 6) == round(drawn_ws / QUARTER_S, 6)
            assert abs(before.forecast_kw * 1000 - drawn_ws / QUARTER_S) <= 10_000 / QUARTER_S  # the last second may differ
            drawn_ws = 0


POWERS_KW = st.integers(0, 20_000).map(lambda watts: watts / 1000)


@given(POWERS_KW, st.lists(st.integers(1, 120), min_size=1, max_size=30))
def test_constant_power_is_its_own_forecast(import_kw: float, pauses_s: list[int]) -> None:
    """From the begin of a quarter, at every second, with gaps, and in the quarters after it."""
    seconds, moments = 0, [(0.0, telegram(import_kw))]
    for pause_s in pauses_s:
        seconds += pause_s
        moments.append((float(seconds), telegram(import_kw)))
    for quarter in follow(moments):
        assert quarter.forecast_kw == pytest.approx(import_kw, abs=1e-9)


@given(st.lists(st.tuples(st.integers(-2000, 2000), POWERS_KW, st.none() | POWERS_KW), min_size=1, max_size=30))
@settings(deadline=None)
def test_whatever_comes_the_numbers_stay_possible(steps: list[tuple[int, float, float | None]]) -> None:
    """With any powers, averages, gaps and jumps: nothing negative, and never a forecast below what was drawn already."""
    seconds, moments = 0, []
    for step_s, import_kw, told_kw in steps:
        seconds += step_s
        moments.append((float(seconds), telegram(import_kw, told_kw)))
    for quarter in follow(moments):
        assert 0 <= quarter.demand_kw <= quarter.forecast_kw
        assert 0 < quarter.left_s <= QUARTER_S
        assert quarter.month_peak_kw >= 0
