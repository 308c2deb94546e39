"""`reader.field_updates`: which field goes to its topic, and when."""

from itertools import pairwise

import pytest

from reader.field_updates import FieldUpdate, FieldUpdates, as_text


def _times(updates: FieldUpdates, values: dict[float, object], name: str = "l1_voltage") -> list[float]:
    """Give when the field was published."""
    return [now_s for now_s, value in values.items() if list(updates.due({name: value}, now_s))]


def test_a_field_goes_out_as_text_with_what_the_broker_keeps() -> None:
    """Counters are retained, powers and the clock are not; `other` has no topic."""
    fields = {"timestamp": "2026-01-31T12:15:48+01:00", "total_consumption_day": 301.5, "net_power": -5, "other": {"a": "b"}}
    assert list(FieldUpdates(1.0, 60.0).due(fields, 0.0)) == [
        FieldUpdate("timestamp", "2026-01-31T12:15:48+01:00", retained=False),
        FieldUpdate("total_consumption_day", "301.5", retained=True),
        FieldUpdate("net_power", "-5", retained=False),
    ]


@pytest.mark.parametrize(
    ("interval_s", "refresh_s", "values", "published_s"),
    [
        pytest.param(1, 60, {0: 1, 1: 2, 2: 3}, [0, 1, 2], id="changed each time"),
        pytest.param(1, 60, {0: 1, 1: 1, 2: 1}, [0], id="unchanged"),
        pytest.param(1, 60, {0: 1, 0.4: 2, 1.0: 3, 1.5: 4, 2.0: 5}, [0, 1.0, 2.0], id="too often"),
        pytest.param(1, 60, {0: 1, 0.95: 2, 1.93: 3}, [0, 0.95, 1.93], id="telegrams that jitter"),
        pytest.param(10, 60, {t: t for t in range(31)}, [0, 10, 20, 30], id="a longer interval"),
        pytest.param(10, 60, {0: 1, 3: 2, 6: 1, 10: 1}, [0], id="changed and back within the interval"),
        pytest.param(0, 60, {0: 1, 0.01: 2, 0.02: 3}, [0, 0.01, 0.02], id="no interval"),
        pytest.param(1, 60, dict.fromkeys(range(0, 130, 10), 7), [0, 60, 120], id="refreshed"),
        pytest.param(1, 10, {0: 1, 100: 1}, [0, 100], id="refreshed after a silence"),
    ],
)
def test_a_field_goes_out_on_change_not_too_often_and_now_and_then(
    interval_s: float, refresh_s: float, values: dict[float, object], published_s: list[float]
) -> None:
    """At most every `interval_s` seconds, at least every `refresh_s`."""
    assert _times(FieldUpdates(interval_s, refresh_s), values) == published_s


@pytest.mark.parametrize(
    ("before", "value", "text"),
    [
        (1, 1.0, "1.0"),
        (1, True, "true"),
        (0.0, -0.0, "-0.0"),
        (-0.0, 0.0, "0.0"),
        ([1], [1.0], "[1.0]"),
        ([{"value": 0.0}], [{"value": -0.0}], '[{"value":-0.0}]'),
        ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}], '[{"b":2,"a":1}]'),
        ([1, 2], [1], "[1]"),
        (float("nan"), float("nan"), None),
        ("1", "1", None),
        (1.5, 1.5, None),
        ([{"value": 1.5, "serial": "a"}], [{"value": 1.5, "serial": "a"}], None),
    ],
)
def test_a_value_is_another_one_where_its_text_is(before: object, value: object, text: str | None) -> None:
    """1, 1.0 and true are equal and so are 0.0 and -0.0, but not as text; NaN is as text what it was."""
    updates = FieldUpdates(1.0, 60.0)
    list(updates.due({"l1_voltage": before}, 0.0))
    assert [update.text for update in updates.due({"l1_voltage": value}, 1.0)] == ([] if text is None else [text])


@pytest.mark.parametrize("period_s", [1.0, 7.0, 10.0])
def test_no_refresh_comes_late(period_s: float) -> None:
    """Between two of an unchanged field there are never more than `refresh_s` seconds."""
    times = _times(FieldUpdates(1.0, 60.0), {n * period_s: 1 for n in range(200)})
    assert max(later - earlier for earlier, later in pairwise(times)) <= 60.0


def test_fields_do_not_wait_for_each_other() -> None:
    """Each has its own time."""
    updates = FieldUpdates(10.0, 60.0)
    assert [update.name for update in updates.due({"l1_voltage": 1}, 0.0)] == ["l1_voltage"]
    assert [update.name for update in updates.due({"l1_voltage": 2, "l2_voltage": 2}, 5.0)] == ["l2_voltage"]


def test_after_forgetting_everything_goes_out_again() -> None:
    """A broker that was restarted has lost the retained values."""
    updates = FieldUpdates(1.0, 60.0)
    list(updates.due({"version": "50217"}, 0.0))
    updates.forget()
    assert list(updates.due({"version": "50217"}, 0.1)) == [FieldUpdate("version", "50217", retained=True)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (999.0, "999.0"),
        (-5, "-5"),
        ("day", "day"),
        ("", ""),
        ([{"channel": 1, "unit": "m³"}], '[{"channel":1,"unit":"m³"}]'),
        ([], "[]"),
    ],
)
def test_a_value_as_text(value: object, text: str) -> None:
    """Numbers in their shortest form, lists as JSON."""
    assert as_text(value) == text
