"""The chaos in its short form, and its cores: schedule, packets, evidence and verdict. The long form is `make chaos`."""

import os
import socket
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.evidence import RESEND_S, Acknowledgement, Connection, Evidence
from tests.chaos.line import Line
from tests.chaos.packets import Acknowledged, Packets, Published
from tests.chaos.play import Outcome
from tests.chaos.report import table
from tests.chaos.run import run
from tests.chaos.schedule import BROKER, DATABASE, SERVICES, Deed, Event, power_cut_schedule, schedule
from tests.chaos.verdict import Found, Verdict, judge
from tests.support.fault_proxy import Fault
from tests.support.parts import PartMissing, do_without
from tests.support.telegrams import expected
from tests.support.waiting import eventually

SEED, LENGTH_S, GAP_S = 2, 22.0, 0.45
POWER_LENGTH_S = 14.0
SAVED_AFTER_S = 5.0
END_S = 1000.0
STAMPS = ("2026-01-31T11:00:00+01:00", "2026-01-31T11:00:01+01:00")


# --- The short form -------------------------------------------------------------------------------------------------------


def played(events: list[Event], folder: Path, *, is_power_cut: bool = False) -> Outcome:
    """Play a schedule; skip where a part is missing, which fails in CI."""
    try:
        return run(events, SEED, folder, print, is_power_cut=is_power_cut)
    except PartMissing as reason:
        do_without(reason)


@pytest.mark.broker
@pytest.mark.database
def test_nothing_is_lost_or_doubled_whatever_is_killed(tmp_path: Path) -> None:
    """Every process is killed, frozen or cut off, on a fixed schedule."""
    outcome = played(schedule(SEED, LENGTH_S, small_disks=os.geteuid() == 0, gap_s=GAP_S), tmp_path)
    assert not outcome.verdict.problems
    assert outcome.verdict.acknowledged > 50


@pytest.mark.broker
@pytest.mark.database
def test_a_power_cut_costs_seconds_and_doubles_nothing(tmp_path: Path) -> None:
    """Twice the power fails; what was acknowledged longer than a save of the broker before is there."""
    outcome = played(power_cut_schedule(SEED, POWER_LENGTH_S), tmp_path, is_power_cut=True)
    assert not outcome.verdict.problems
    assert outcome.verdict.acknowledged > 30


# --- The schedule ---------------------------------------------------------------------------------------------------------


@given(seed=st.integers(), length_s=st.floats(1, 300), small_disks=st.booleans())
def test_a_schedule_is_in_order_and_over_at_its_end(seed: int, length_s: float, *, small_disks: bool) -> None:
    """And nobody suffers two deeds at a time."""
    events = schedule(seed, length_s, small_disks=small_disks)
    assert all(before.at_s <= after.at_s for before, after in pairwise(events))
    assert all(event.at_s >= 0 and event.end_s < length_s for event in events)
    for target in {event.target for event in events}:
        own = [event for event in events if event.target == target]
        assert all(before.end_s <= after.at_s for before, after in pairwise(own))
    assert small_disks or not any(event.deed is Deed.FILL for event in events)


@given(st.integers(0, 1000))
def test_two_minutes_hold_every_deed(seed: int) -> None:
    """Every process is killed, every fault is met, every line is broken."""
    events = schedule(seed, 120.0, small_disks=True)
    assert {event.target for event in events if event.deed is Deed.KILL} == {*SERVICES, BROKER, DATABASE}
    assert {event.deed for event in events} == set(Deed) - {Deed.CUT_POWER}
    assert {event.fault for event in events if event.deed is Deed.FAULT} >= set(Fault) - {Fault.NONE, Fault.UNAUTHORIZED}


def test_the_same_seed_gives_the_same_schedule() -> None:
    """And another seed another one."""
    assert schedule(7, 60.0, small_disks=True) == schedule(7, 60.0, small_disks=True)
    assert schedule(7, 60.0, small_disks=True) != schedule(8, 60.0, small_disks=True)


@given(st.integers(), st.floats(10, 300))
def test_a_power_cut_finds_nothing_begun_while_the_power_is_off(seed: int, length_s: float) -> None:
    """Two cuts, and what else happens begins before or after them."""
    events = power_cut_schedule(seed, length_s)
    cuts = [event for event in events if event.deed is Deed.CUT_POWER]
    assert len(cuts) == 2
    assert cuts[0].end_s < cuts[1].at_s
    others = [event for event in events if event.deed is not Deed.CUT_POWER]
    assert not any(cut.at_s <= event.at_s <= cut.end_s for cut in cuts for event in others)


def test_an_event_says_what_happens() -> None:
    """In a line of the log."""
    assert str(Event(12.34, Deed.KILL, "reader", 0.5)) == "  12.3 s  kill -9 reader, for 0.5 s"
    assert str(Event(1, Deed.FAULT, DATABASE, 2, Fault.HANG)).endswith(": it takes requests and never answers, for 2.0 s")


# --- Packets --------------------------------------------------------------------------------------------------------------

CONNECT = b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x03abc"
PUBLISH = b"\x32\xd0\x01" + b"\x00\x03a/b" + b"\x00\x07" + b"\x02\x01\x00" + b"x" * 198
QOS_0 = b"\x30\x07\x00\x03a/b\x00y"
PUBACK, REFUSED = b"\x40\x02\x00\x07", b"\x40\x04\x00\x08\x87\x00"


@given(st.integers(1, 300))
def test_packets_are_found_in_pieces_of_any_size(size: int) -> None:
    """Only what is published with QoS 1, and acknowledgements; an identifier that was refused is not well."""
    stream, packets = CONNECT + QOS_0 + PUBLISH + PUBACK + REFUSED, Packets()
    events = [event for at in range(0, len(stream), size) for event in packets.feed(stream[at : at + size])]
    assert events == [Published(7, "a/b", b"x" * 198), Acknowledged(7, well=True), Acknowledged(8, well=False)]


# --- The line to the broker -----------------------------------------------------------------------------------------------


def test_a_line_carries_hangs_breaks_and_refuses() -> None:
    """And what an end has said is heard even where the other end does not hear of it any more."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = Line(server.getsockname()[1], lambda: (heard.append, heard.append, lambda: heard.append(b"end")))
        near, far = socket.create_connection(("127.0.0.1", line.port)), server.accept()[0]
        with near, far:
            near.sendall(b"out")
            assert far.recv(10) == b"out"
            line.hang()
            far.sendall(b"in")
            eventually(lambda: b"in" in heard, what="the line's ear")
            near.settimeout(0.1)
            with pytest.raises(TimeoutError):
                near.recv(10)
            line.flow()
            near.settimeout(10)
            assert near.recv(10) == b"in"
            line.reset()
            with pytest.raises(ConnectionResetError):
                near.recv(10)
            eventually(lambda: heard == [b"out", b"in", b"end"], what="the end of the connection")
        line.refuse()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", line.port))
        line.take()
        socket.create_connection(("127.0.0.1", line.port)).close()
        line.refuse()


# --- Evidence -------------------------------------------------------------------------------------------------------------


def evidence(*, broker_died_s: float | None = None, reader_died_s: float | None = None) -> Evidence:
    """Give what was seen: one telegram was acknowledged at 100 s, on a connection of first lives."""
    connection = Connection(1, 1, 50.0)
    seen = Evidence([connection], [Acknowledgement("t", 100.0, connection)])
    if broker_died_s is not None:
        seen.broker_deaths_s[1] = broker_died_s
    if reader_died_s is not None:
        seen.reader_deaths_s[1] = reader_died_s
    return seen


def is_forgiven(seen: Evidence) -> bool:
    """Tell whether the telegram may be missing."""
    return seen.forgiven(SAVED_AFTER_S, END_S) == {"t"}


def test_what_a_living_broker_has_must_arrive() -> None:
    """Whatever happens to the reader."""
    assert not is_forgiven(evidence(reader_died_s=100.1))


def test_what_a_killed_broker_had_saved_must_arrive() -> None:
    """Though the reader died too."""
    assert not is_forgiven(evidence(broker_died_s=106.0, reader_died_s=100.1))
    assert is_forgiven(evidence(broker_died_s=104.0, reader_died_s=100.1))


def test_what_a_killed_broker_forgot_must_arrive_if_the_reader_had_the_time_to_send_it_again() -> None:
    """Time on a later connection, in which neither of them stood still."""
    seen = evidence(broker_died_s=104.0)
    assert is_forgiven(seen)
    seen.connections.append(Connection(1, 2, 110.0, 110.0 + RESEND_S))
    assert not is_forgiven(seen)
    seen.disturbed.append((109.0, 110.5))
    assert is_forgiven(seen)


def test_another_reader_knows_nothing_of_it() -> None:
    """Its memory began anew; nor does a connection count that was there before."""
    seen = evidence(broker_died_s=104.0, reader_died_s=105.0)
    seen.connections += [Connection(2, 2, 110.0), Connection(1, 1, 40.0)]
    assert is_forgiven(seen)


def test_what_was_acknowledged_again_must_arrive() -> None:
    """The last one counts."""
    seen = evidence(broker_died_s=104.0, reader_died_s=115.0)
    later = Connection(1, 2, 110.0)
    seen.connections.append(later)
    seen.acknowledgements.append(Acknowledgement("t", 113.5, later))
    assert not is_forgiven(seen)


def test_what_was_forgotten_has_an_age() -> None:
    """Seconds between its acknowledgement and the end of the broker that forgot it."""
    assert evidence(broker_died_s=104.0).oldest_s({"t"}) == 4.0
    assert evidence(broker_died_s=104.0).oldest_s({"another"}) == 0.0
    assert evidence().oldest_s({"t"}) == 0.0


# --- Verdict --------------------------------------------------------------------------------------------------------------

SENT = {stamp: {"timestamp": stamp, "net_power": 120 + at, "version": "50217"} for at, stamp in enumerate(STAMPS)}
ROWS = [
    {"timestamp": stamp, "net_power": str(120 + at), "version": "50217", "l1_voltage": ""} for at, stamp in enumerate(STAMPS)
]
POINTS: list[dict[str, object]] = [{"time_s": 1_769_853_600 + at, "net_power": 120.0 + at} for at in range(2)]


def judged(rows: list[dict[str, str]], points: list[dict[str, object]], *rejected: tuple[str, int]) -> Verdict:
    """Judge rows and points, and points that were refused for good; both telegrams were acknowledged."""
    return judge(SENT, set(STAMPS), set(), Found(rows, {"electricity": points}, frozenset(rejected)))


def test_equal_ends_are_well() -> None:
    """And are counted."""
    assert judged(ROWS, POINTS) == Verdict(telegrams=2, acknowledged=2, rows=2, points=2)


@pytest.mark.parametrize(
    ("rows", "points", "lost", "doubled", "wrong"),
    [
        (ROWS[:1], POINTS, 1, 0, 0),
        ([*ROWS, ROWS[0]], POINTS, 0, 1, 0),
        ([*ROWS, {**ROWS[0], "timestamp": "2020-01-01T00:00:00+01:00"}], POINTS, 0, 0, 1),
        ([ROWS[0], {**ROWS[1], "net_power": "7"}], POINTS, 0, 0, 1),
        ([ROWS[0], {**ROWS[1], "l1_voltage": "230"}], POINTS, 0, 0, 1),
        ([ROWS[0], {name: cell for name, cell in ROWS[1].items() if name != "version"}], POINTS, 0, 0, 1),
        (ROWS, POINTS[1:], 1, 0, 0),
        (ROWS, [*POINTS, POINTS[0]], 0, 1, 0),
        (ROWS, [*POINTS, {"time_s": 1, "net_power": 0.0}], 0, 0, 1),
        (ROWS, [POINTS[0], {**POINTS[1], "net_power": 7.0}], 0, 0, 1),
        (ROWS, [POINTS[0], {"time_s": POINTS[1]["time_s"]}], 0, 0, 1),
    ],
    ids=[
        "no row", "a row twice", "a row of nothing", "another value in a row", "a value too many", "a column is missing",
        "no point", "a point twice", "a point of nothing", "another value in a point", "a point without its field",
    ],
)  # fmt: skip
def test_what_is_wrong_is_counted_and_said(
    rows: list[dict[str, str]], points: list[dict[str, object]], lost: int, doubled: int, wrong: int
) -> None:
    """Each kind by itself."""
    verdict = judged(rows, points)
    assert (verdict.lost, verdict.doubled, verdict.wrong) == (lost, doubled, wrong)
    assert len(verdict.problems) == 1


def test_a_point_that_was_refused_for_good_is_not_lost() -> None:
    """It stands among the rejected ones."""
    verdict = judged(ROWS, POINTS[1:], ("electricity", 1_769_853_600))
    assert (verdict.lost, verdict.rejected, verdict.problems) == (0, 1, [])


def test_a_forgiven_telegram_may_be_missing() -> None:
    """It is counted as such."""
    verdict = judge(SENT, set(STAMPS), {STAMPS[0]}, Found(ROWS[1:], {"electricity": POINTS[1:]}))
    assert (verdict.lost, verdict.forgiven, verdict.problems) == (0, 1, [])


def test_gas_and_water_have_points_of_their_own() -> None:
    """By the time of their own meters, once for many telegrams."""
    fields = expected("be-emucs-1.7.1")
    assert judge({str(fields["timestamp"]): fields}, {str(fields["timestamp"])}, set(), Found([], {})).lost >= 2


def test_the_table_has_a_row_for_each_run_and_their_sum() -> None:
    """What was oldest stays the oldest; all else is added up."""
    one = Outcome(Verdict(telegrams=5, rows=4), {"reader": 2}, outages=3, drained_s=10.0, forgotten_s=1.5)
    other = Outcome(Verdict(telegrams=1, lost=1), {"reader": 1, BROKER: 4}, outages=1, drained_s=20.0, forgotten_s=0.5)
    head, *rows = (line.split("  ") for line in table([("7", one), ("8", other)]).splitlines())
    cells = [
        dict(zip([name for name in head if name], [cell.strip() for cell in row if cell.strip()], strict=True)) for row in rows
    ]
    assert [row["seed"] for row in cells] == ["7", "8", "sum"]
    told = {
        name: cells[-1][name] for name in ("reader", BROKER, "outages", "telegrams", "rows", "lost", "oldest s", "drained s")
    }
    assert list(told.values()) == ["3", "4", "4", "6", "4", "1", "1.5", "30"]


def test_problems_of_many_are_cut_short() -> None:
    """The first of them are named."""
    verdict = Verdict()
    assert verdict.tell("things are bad", range(9)) == 9
    assert verdict.problems == ["9 things are bad: 0, 1, 2, 3, 4 and 4 more"]
