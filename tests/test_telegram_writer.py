"""A state becomes a telegram that says exactly that state."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from common.telegram import read
from reader.household import Household, MeterState, MonthPeak, Peak, Phase, Serials, Volume
from reader.sunshine import BRUSSELS
from reader.telegram_writer import TelegramWriter, render

STATE = MeterState(
    moment=datetime(2026, 10, 25, 2, 30, 7, fold=1, tzinfo=BRUSSELS),
    serials=Serials("1SIM0000000042", "7SIM0000000042", "8SIM0000000042"),
    consumption_day_wh=1_234_567,
    consumption_night_wh=2_000,
    injection_day_wh=999_999_999,
    injection_night_wh=5,
    tariff=2,
    average_demand_w=75,
    month_peak=Peak(datetime(2026, 10, 25, 2, 15, tzinfo=BRUSSELS), 4012),
    peak_history=(
        MonthPeak(datetime(2026, 9, 1, tzinfo=BRUSSELS), Peak(datetime(2026, 8, 14, 18, 45, tzinfo=BRUSSELS), 3064)),
        MonthPeak(datetime(2026, 10, 1, tzinfo=BRUSSELS), Peak(datetime(2026, 9, 2, 7, 15, tzinfo=BRUSSELS), 12_500)),
    ),
    phases=(Phase(-1500, 2345, 640), Phase(230, 2299, 100), Phase(7, 2301, 3)),
    gas=Volume(datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BRUSSELS), 596_182),
    water=Volume(datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BRUSSELS), 81),
)

# Written by hand after the formats of DSMR 5.0.2 (6.4) and e-MUCS P1 1.7.
TELEGRAM = r"""/SMT5\253SIMULATOR_A

0-0:96.1.4(50217)
0-0:96.1.1(3153494D30303030303030303432)
0-0:1.0.0(261025023007W)
1-0:1.8.1(001234.567*kWh)
1-0:1.8.2(000002.000*kWh)
1-0:2.8.1(999999.999*kWh)
1-0:2.8.2(000000.005*kWh)
0-0:96.14.0(0002)
1-0:1.4.0(00.075*kW)
1-0:1.6.0(261025021500S)(04.012*kW)
0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(260901000000S)(260814184500S)(03.064*kW)(261001000000S)(260902071500S)(12.500*kW)
1-0:1.7.0(00.000*kW)
1-0:2.7.0(01.263*kW)
1-0:21.7.0(00.000*kW)
1-0:41.7.0(00.230*kW)
1-0:61.7.0(00.007*kW)
1-0:22.7.0(01.500*kW)
1-0:42.7.0(00.000*kW)
1-0:62.7.0(00.000*kW)
1-0:32.7.0(234.5*V)
1-0:52.7.0(229.9*V)
1-0:72.7.0(230.1*V)
1-0:31.7.0(006.40*A)
1-0:51.7.0(001.00*A)
1-0:71.7.0(000.03*A)
0-0:96.3.10(1)
0-0:17.0.0(999.9*kW)
1-0:31.4.0(999*A)
0-0:96.13.0()
0-1:24.1.0(003)
0-1:96.1.1(3753494D30303030303030303432)
0-1:24.4.0(1)
0-1:24.2.3(261025023000W)(00596.182*m3)
0-2:24.1.0(007)
0-2:96.1.1(3853494D30303030303030303432)
0-2:24.2.1(261025023000W)(00000.081*m3)
!"""

MOMENTS = st.integers(1_009_843_200, 3_124_137_600).map(lambda unix_s: datetime.fromtimestamp(unix_s, BRUSSELS))  # 2002 to 2068
MONTH_ENDS = st.datetimes(datetime(2003, 1, 1), datetime(2066, 6, 30))  # noqa: DTZ001 -- given after
POWERS_W = st.integers(0, 99_999)
ENERGIES_WH = st.integers(0, 999_999_999)
SERIALS = st.from_regex(r"[0-9A-Z]{6,16}", fullmatch=True)


@st.composite
def histories(draw: st.DrawFn) -> tuple[MonthPeak, ...]:
    """Give up to thirteen months that follow one another."""
    month = draw(MONTH_ENDS).replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=BRUSSELS)
    rows = []
    for _ in range(draw(st.integers(0, 13))):
        rows.append(MonthPeak(month, Peak(draw(MOMENTS), draw(POWERS_W))))
        month = (month + timedelta(days=31)).replace(day=1)
    return tuple(rows)


STATES = st.builds(
    MeterState,
    moment=MOMENTS,
    serials=st.builds(Serials, SERIALS, SERIALS, SERIALS),
    consumption_day_wh=ENERGIES_WH,
    consumption_night_wh=ENERGIES_WH,
    injection_day_wh=ENERGIES_WH,
    injection_night_wh=ENERGIES_WH,
    tariff=st.sampled_from([1, 2]),
    average_demand_w=POWERS_W,
    month_peak=st.builds(Peak, MOMENTS, POWERS_W),
    peak_history=histories(),
    phases=st.tuples(
        *[st.builds(Phase, st.integers(-33_000, 33_000), st.integers(0, 9999), st.integers(0, 99_999)) for _ in range(3)]
    ),
    gas=st.builds(Volume, MOMENTS, st.integers(0, 99_999_999)),
    water=st.builds(Volume, MOMENTS, st.integers(0, 99_999_999)),
)


def fields_of(state: MeterState) -> dict[str, object]:
    """Say which fields a state should give."""
    power_w = sum(phase.power_w for phase in state.phases)
    fields: dict[str, object] = {
        "version": "50217",
        "meter_serial": state.serials.electricity,
        "timestamp": state.moment.isoformat(),
        "total_consumption_day": state.consumption_day_wh / 1000,
        "total_consumption_night": state.consumption_night_wh / 1000,
        "total_injection_day": state.injection_day_wh / 1000,
        "total_injection_night": state.injection_night_wh / 1000,
        "actual_tariff": state.tariff,
        "actual_tariff_name": "day" if state.tariff == 1 else "night",
        "average_demand": state.average_demand_w / 1000,
        "peak_demand_month": state.month_peak.power_w / 1000,
        "peak_demand_month_timestamp": state.month_peak.timestamp.isoformat(),
        "peak_demand_history": [
            {
                "month": (row.month_end - timedelta(days=1)).strftime("%Y-%m"),
                "timestamp": row.peak.timestamp.isoformat(),
                "value": row.peak.power_w / 1000,
            }
            for row in state.peak_history
        ],
        "actual_total_consumption": max(0, power_w) / 1000,
        "actual_total_injection": max(0, -power_w) / 1000,
        "net_power": power_w,
        "breaker_state": "1",
        "power_limit": 999.9,
        "current_limit": 999.0,
        "text_message": "",
        "gas_serial": state.serials.gas,
        "gas_valve_state": "1",
        "gas_timestamp": state.gas.timestamp.isoformat(),
        "total_gas_consumption": state.gas.volume_l / 1000,
        "water_serial": state.serials.water,
        "water_timestamp": state.water.timestamp.isoformat(),
        "total_water_consumption": state.water.volume_l / 1000,
        "mbus": [
            {
                "channel": channel,
                "type": device_type,
                "serial": serial,
                "timestamp": volume.timestamp.isoformat(),
                "value": volume.volume_l / 1000,
                "unit": "m³",
            }
            for channel, device_type, serial, volume in (
                (1, 3, state.serials.gas, state.gas),
                (2, 7, state.serials.water, state.water),
            )
        ],
    }
    for number, phase in enumerate(state.phases, 1):
        fields[f"actual_l{number}_consumption"] = max(0, phase.power_w) / 1000
        fields[f"actual_l{number}_injection"] = max(0, -phase.power_w) / 1000
        fields[f"l{number}_voltage"] = phase.voltage_dv / 10
        fields[f"l{number}_current"] = phase.current_ca / 100
    return fields


def test_a_telegram_has_the_format_of_the_standard() -> None:
    """Every line is as e-MUCS P1 1.7 prints it, each stamp with its own letter; then comes the checksum."""
    telegram = render(STATE)
    assert telegram[:-6] == TELEGRAM.replace("\n", "\r\n").encode()
    assert telegram[-6:] == b"%04X\r\n" % _crc16_arc(telegram[:-6])


def _crc16_arc(text: bytes) -> int:
    """Compute the checksum as DSMR 5.0.2 section 6.2 describes it: x16+x15+x2+1, least significant bit first."""
    crc = 0
    for byte in text:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


@given(STATES)
def test_decoding_gives_back_exactly_the_state(state: MeterState) -> None:
    """No field is lost, added or rounded, and no line is skipped."""
    telegram = read(render(state))
    assert telegram.fields == fields_of(state)
    assert telegram.skipped == ()


@given(st.integers(0, 2**32), MOMENTS)
def test_a_household_decodes_too(seed: int, start: datetime) -> None:
    """Real states fit the widths of the lines."""
    state = Household(seed, start.astimezone(UTC)).state()
    assert read(render(state)).fields == fields_of(state)


def test_a_writer_that_has_written_writes_what_a_new_one_does() -> None:
    """Over the ends of quarters and of a month, where peaks and history change."""
    writer = TelegramWriter()
    house = Household(7, datetime(2026, 10, 31, 23, 29, 50, tzinfo=BRUSSELS))
    for _ in range(300):
        state = house.step(7)
        assert writer.render(state) == render(state)
