"""csv_logger.columns: the fixed beginning, and what this meter has sent so far."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.obis import BY_NAME, FIELDS
from csv_logger.columns import FIRST, Columns, columns_of, text_of

FIELD_SETS = st.frozensets(st.sampled_from([field.name for field in FIELDS]))


def test_the_first_columns_are_the_old_ones() -> None:
    """Users have spreadsheets with these 22, in this order."""
    assert ",".join(FIRST) == (
        "timestamp,total_consumption_day,total_consumption_night,total_injection_day,total_injection_night,"
        "actual_tariff,actual_total_consumption,actual_total_injection,"
        "actual_l1_consumption,actual_l2_consumption,actual_l3_consumption,"
        "actual_l1_injection,actual_l2_injection,actual_l3_injection,"
        "l1_voltage,l2_voltage,l3_voltage,l1_current,l2_current,l3_current,total_gas_consumption,gas_timestamp"
    )
    assert set(FIRST) <= BY_NAME.keys()


def test_other_fields_follow_in_the_order_of_the_table() -> None:
    """Whatever the order in which they came."""
    columns = Columns().with_fields({"net_power", "l1_voltage"}).with_fields({"version", "average_demand", "timestamp"})
    assert columns.names == (*FIRST, "average_demand", "version", "net_power")


def test_known_fields_change_nothing() -> None:
    """The same columns are the same object: asking is cheap."""
    columns = Columns().with_fields({"net_power"})
    assert columns.with_fields({"timestamp", "net_power"}) is columns


def test_what_is_not_in_the_table_is_no_column() -> None:
    """`other` holds codes without names."""
    assert Columns().with_fields({"other"}) == Columns()


@given(FIELD_SETS, FIELD_SETS)
def test_columns_only_grow_and_their_order_does_not_depend_on_arrival(one: frozenset[str], two: frozenset[str]) -> None:
    """Nothing is removed, nothing comes twice."""
    columns = Columns().with_fields(one).with_fields(two)
    assert set(columns.names) == {*FIRST, *one, *two}
    assert len(columns.names) == len(set(columns.names))
    assert columns == Columns().with_fields(two).with_fields(one)


@given(FIELD_SETS)
def test_columns_survive_a_restart(fields: frozenset[str]) -> None:
    """What is written is read again."""
    columns = Columns().with_fields(fields)
    assert columns_of(text_of(columns)) == columns


def test_a_column_that_the_table_has_no_more_is_left_out() -> None:
    """After a change of version."""
    assert columns_of('{"columns": ["net_power", "gone"]}').names == (*FIRST, "net_power")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"columns": 3}', '{"columns": [1]}', "null", "[" * 100_000])
def test_kept_columns_that_are_damaged_are_told(text: str) -> None:
    """The driver then moves the file aside."""
    with pytest.raises(ValueError, match=r"expected \{\"columns\": \[names\]\}"):
        columns_of(text)
