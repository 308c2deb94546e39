"""`common.dialect`: what a telegram's codes tell of its country."""

import pytest

from common.dialect import Dialect, recognised, wants_checksum

BELGIAN, DUTCH, LITHUANIAN = Dialect.BELGIAN, Dialect.DUTCH, Dialect.LITHUANIAN
TIME, TARIFF, VERSION, VERSION_EMUCS, DEVICE = "0-0:1.0.0", "0-0:96.14.0", "1-3:0.2.8", "0-0:96.1.4", "0-0:42.0.0"
TWO = ("1-0:1.8.1", "1-0:1.8.2")
FOUR = (*TWO, "1-0:1.8.3", "1-0:1.8.4")
TOTAL = "1-0:1.8.0"


@pytest.mark.parametrize(
    ("codes", "dialect"),
    [
        pytest.param({TARIFF, *TWO}, DUTCH, id="DSMR 2 and 3 send no time"),
        pytest.param({TARIFF, TOTAL, *TWO}, DUTCH, id="DSMR 2.1 sends a total"),
        pytest.param({TARIFF, *TWO, VERSION, TIME}, DUTCH, id="DSMR 4 and 5"),
        pytest.param({VERSION, TIME}, BELGIAN, id="a heat interface has no tariffs, and nothing to swap"),
        pytest.param({TARIFF, *TWO, VERSION_EMUCS, TIME}, BELGIAN, id="e-MUCS"),
        pytest.param({TARIFF, *TWO, VERSION_EMUCS, VERSION, TIME}, BELGIAN, id="e-MUCS with both versions"),
        pytest.param({TARIFF, *FOUR, "1-0:1.8.5", VERSION_EMUCS, TIME}, BELGIAN, id="Wallonia, five tariffs"),
        pytest.param({TARIFF, *TWO, TIME}, BELGIAN, id="Wallonia, a time and no version"),
        pytest.param({TOTAL, VERSION, TIME, DEVICE}, BELGIAN, id="Luxembourg"),
        pytest.param({TARIFF, *TWO, VERSION, TIME, DEVICE}, BELGIAN, id="Luxembourg, if it had tariffs"),
        pytest.param({TOTAL, TIME}, BELGIAN, id="Sweden and Finland"),
        pytest.param({TARIFF, TOTAL, *TWO, "1-0:0.9.1", "1-0:0.9.2"}, BELGIAN, id="time and date apart are a time"),
        pytest.param({TARIFF, TOTAL, *FOUR, TIME, DEVICE}, BELGIAN, id="Hungary"),
        pytest.param({TARIFF, TOTAL, *FOUR, TIME}, BELGIAN, id="Hungary without a device name"),
        pytest.param({TARIFF, TOTAL, *FOUR, TIME, VERSION}, BELGIAN, id="Hungary, Holley"),
        pytest.param({TOTAL, *FOUR, TIME, VERSION}, BELGIAN, id="four tariffs and a version"),
        pytest.param({TOTAL, *FOUR, TIME}, LITHUANIAN, id="Lithuania"),
        pytest.param({*FOUR, TIME}, BELGIAN, id="four tariffs alone"),
        pytest.param({TOTAL, *TWO, TIME, VERSION}, BELGIAN, id="Austria"),
        pytest.param({TARIFF, "1-1:1.8.1", "1-1:1.8.2", VERSION, TIME}, BELGIAN, id="Switzerland, energy channel 1"),
        pytest.param({TOTAL, "1-0:16.7.0"}, BELGIAN, id="Germany"),
        pytest.param(set(), BELGIAN, id="nothing"),
    ],
)
def test_the_dialect_is_recognised_by_the_codes(codes: set[str], dialect: Dialect) -> None:
    """Most are read alike; the Dutch registers are swapped, the Lithuanian hours another zone's."""
    assert recognised(codes) is dialect


@pytest.mark.parametrize(
    ("codes", "is_wanted"),
    [
        pytest.param({TARIFF, *TWO, "0-1:24.3.0"}, False, id="DSMR 2 and 3"),
        pytest.param({TOTAL, "1-0:16.7.0"}, False, id="D0"),
        pytest.param({TOTAL, "1-0:0.9.1", "1-0:0.9.2"}, False, id="time and date apart"),
        pytest.param({TARIFF, TIME}, True, id="a time"),
        pytest.param({TARIFF, VERSION}, True, id="the version of DSMR"),
        pytest.param({TARIFF, VERSION_EMUCS}, True, id="the version of e-MUCS"),
        pytest.param({TOTAL, DEVICE}, True, id="a device name"),
    ],
)
def test_a_checksum_is_wanted_of_those_that_have_one(codes: set[str], *, is_wanted: bool) -> None:
    """A telegram whose end was lost must not pass for one that has no checksum."""
    assert wants_checksum(codes) is is_wanted
