"""`reader.transmission`: how long the port is let be while a telegram comes in, on lines of all kinds."""

from dataclasses import dataclass
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.transmission import Transmission, byte_s

BYTE_S = byte_s(115_200, 8, "N", 1)
LENGTH = 1100
PIECE = 16  # what a UART hands over at a time


@dataclass(frozen=True)
class Seen:
    """How a telegram was read: with how many reads, and how long after its last byte the last one was."""

    reads: int
    late_s: float


def seen(transmission: Transmission, length: int, start_s: float, pace_s: float = BYTE_S, piece: int = PIECE) -> Seen:
    """Let a telegram come in whose bytes arrive in pieces, and read it as the line does."""
    ends = [*range(piece, length, piece), length]
    arrivals = [(start_s + end * pace_s, end) for end in ends]
    had, reads, now_s, pause_s = 0, 0, start_s, 0.0
    while had < length:
        waking_s = now_s + pause_s if pause_s else 0.0
        now_s = max(waking_s, now_s if pause_s else next(at_s for at_s, end in arrivals if end > had))
        arrived = max((end for at_s, end in arrivals if at_s <= now_s), default=0)
        pause_s = transmission.took(arrived - had, now_s, has_end=arrived == length)
        had, reads = arrived, reads + 1
    return Seen(reads, now_s - arrivals[-1][0])


def all_seen(lengths: list[int], pace_s: float = BYTE_S, piece: int = PIECE, gap_s: float = 1.0) -> list[Seen]:
    """Let a telegram come in every second."""
    transmission = Transmission(BYTE_S)
    starts_s = accumulate((length * pace_s + gap_s for length in lengths), initial=0.0)
    return [seen(transmission, length, start_s, pace_s, piece) for length, start_s in zip(lengths, starts_s, strict=False)]


@pytest.mark.parametrize(
    ("baudrate", "bytesize", "parity", "stopbits", "microseconds"),
    [(115_200, 8, "N", 1, 86.8), (9600, 7, "E", 1, 1041.7), (9600, 7, "e", 1, 1041.7), (115_200, 8, "O", 2, 104.2)],
)
def test_a_byte_takes_its_bits(baudrate: int, bytesize: int, parity: str, stopbits: int, microseconds: float) -> None:
    """Start bit, data bits, parity and stop bits."""
    assert byte_s(baudrate, bytesize, parity, stopbits) * 1e6 == pytest.approx(microseconds, abs=0.05)


def test_most_of_a_telegram_is_read_in_a_few_goes_and_its_end_at_once() -> None:
    """From the fifth on: the first bytes, one read shortly before the end, and the last pieces. The first four teach it."""
    found = all_seen([LENGTH] * 50)
    first, later = found[:4], found[4:]
    assert {one.reads for one in first} == {-(-LENGTH // PIECE)}
    assert max(one.reads for one in later) <= 5
    assert max(one.late_s for one in found) == 0.0


@pytest.mark.parametrize(
    ("lengths", "late"),
    [
        pytest.param([1100] * 8 + [1150] * 8, [], id="longer: a text message appears"),
        pytest.param([1150] * 8 + [1100] * 8, [8], id="shorter: it vanishes, which is one late telegram"),
        pytest.param([1102, 1100, 1101, 1100] * 5, [], id="some bytes more or less"),
        pytest.param([2400] * 12, [], id="longer than one pause"),
        pytest.param([40] * 8, [], id="too short for a pause"),
    ],
)
def test_a_telegram_is_late_only_when_it_is_shorter_than_those_before(lengths: list[int], late: list[int]) -> None:
    """By what it lacks, and once: then it is learned anew."""
    found = all_seen(lengths)
    assert [number for number, one in enumerate(found) if one.late_s > 0] == late
    assert all(one.late_s <= (max(lengths) - min(lengths)) * BYTE_S for one in found)


@pytest.mark.parametrize("pace_s", [0.0, BYTE_S / 10, BYTE_S / 2, BYTE_S * 0.98, BYTE_S * 1.02, BYTE_S * 3])
def test_the_pace_of_the_bytes_is_learned(pace_s: float) -> None:
    """An adapter may hand over faster than the line is, a meter's clock be another one: no telegram is late for it."""
    assert max(one.late_s for one in all_seen([LENGTH] * 20, pace_s)) == 0.0


def test_the_line_end_behind_a_telegram_begins_no_pause() -> None:
    """What comes next comes a second later."""
    transmission = Transmission(BYTE_S)
    for second in range(8):
        seen(transmission, LENGTH - 2, float(second))
        assert transmission.took(2, second + 0.2, has_end=False) == 0.0


def _learned() -> Transmission:
    transmission = Transmission(BYTE_S)
    for second in range(5):
        seen(transmission, LENGTH, float(second))
    return transmission


def _pause_s(transmission: Transmission, start_s: float, late_s: float) -> float:
    """Let a telegram end `late_s` after the end of its pause; give that pause."""
    pause_s = transmission.took(PIECE, start_s, has_end=False)
    transmission.took(LENGTH - PIECE, start_s + pause_s + late_s, has_end=True)
    return pause_s


def test_a_machine_that_wakes_late_does_not_learn_anew_for_it() -> None:
    """The telegram ended when it was due."""
    transmission = _learned()
    pauses_s = [_pause_s(transmission, float(second), 0.05) for second in range(10, 20)]
    assert pauses_s == pytest.approx([(LENGTH - PIECE) * BYTE_S - 0.0005] * 10)


def test_it_is_awake_earlier_after_a_telegram_that_had_ended_before_it_was_due() -> None:
    """Its first piece was read late; after some of them this line is another one than was learned."""
    transmission = _learned()
    pauses_s = [_pause_s(transmission, float(second), 0.0) for second in range(10, 16)]
    earlier_s = [(LENGTH - PIECE) * BYTE_S - pause_s for pause_s in pauses_s[:5]]
    assert earlier_s == pytest.approx([0.0005, 0.001, 0.002, 0.004, 0.008])
    assert pauses_s[5] == 0.0


def test_it_sleeps_longer_again_after_telegrams_that_were_waited_for() -> None:
    """One late moment of the machine does not cost more reads for ever."""
    transmission = _learned()
    for second in range(10, 13):
        _pause_s(transmission, float(second), 0.0)
    reads = [seen(transmission, LENGTH, float(second)).reads for second in range(20, 50)]
    assert reads[0] > reads[-1] == seen(_learned(), LENGTH, 60.0).reads


def test_a_port_that_was_read_late_is_let_be_only_after_a_telegram_that_was_not() -> None:
    """Behind the end of one telegram the next one had begun: more may wait, and nobody knows when it began."""
    transmission = _learned()
    transmission.took(2 * LENGTH + 500, 10.0, has_end=True, begun_bytes=500)
    assert transmission.took(PIECE, 10.01, has_end=False) == 0.0
    transmission.took(LENGTH - 500 - PIECE, 10.06, has_end=True)
    assert transmission.took(PIECE, 11.0, has_end=False) > 0.08


def test_a_first_piece_that_is_too_long_was_read_late() -> None:
    """A part of what waits at a busy machine."""
    transmission = _learned()
    assert transmission.took(300, 10.0, has_end=False) == 0.0
    transmission.took(LENGTH - 300, 10.05, has_end=True)
    assert transmission.took(PIECE, 11.0, has_end=False) > 0.08


def test_nothing_after_a_pause_begins_no_other_one() -> None:
    """The cable was pulled out amid a telegram."""
    transmission = _learned()
    assert transmission.took(PIECE, 10.0, has_end=False) > 0.08
    assert transmission.took(0, 10.1, has_end=False) == 0.0
    transmission.begin_anew()
    assert transmission.took(PIECE, 11.0, has_end=False) == 0.0


@given(st.lists(st.tuples(st.integers(1, 20_000), st.booleans(), st.floats(0.0, 2.0)), max_size=60))
def test_no_pause_is_longer_than_what_a_terminal_keeps(reads: list[tuple[int, bool, float]]) -> None:
    """Whatever comes: at most 1,500 bytes' worth, and what is remembered does not grow."""
    transmission, now_s = Transmission(BYTE_S), 0.0
    for count, has_end, after_s in reads:
        now_s += after_s
        assert 0.0 <= transmission.took(count, now_s, has_end=has_end) <= 1500 * BYTE_S
    assert len(transmission._past) <= 4
