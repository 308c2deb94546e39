"""The play: calm, a node that dies and comes back, a house that is cut off, and the end, when everything must have arrived."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.cluster.places import BRIDGES, CUT_OFF, EVERYBODY, HOUSES, NODES
from tests.cluster.town import Town
from tests.cluster.verdict import Verdict, judge
from tests.cluster.witness import Witness
from tests.support.meter_points import MeterPoints
from tests.support.waiting import eventually

_CALM_S = 30.0
_NODE_AWAY_S = 20.0
_CUT_OFF_S = 60.0
_DEADLINE_S = 120.0
_LOOK_S = 1.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the play showed. Seconds; `oldest`: how old a meter's newest point in the database became at most."""

    verdict: Verdict
    cluster_s: float
    cpu_ms: float  # of the three nodes together, for each telegram
    calm_oldest_s: float
    killed_node: str
    fail_over_s: float  # from the kill until a later telegram of every meter was in the database
    killed_oldest_s: float
    cut_off_back_s: float  # from the reconnection until a later telegram of the house was there
    others_oldest_s: float  # of the other houses meanwhile
    drained_s: float  # after the last telegram


def play(town: Town, say: Say) -> Outcome:
    """Play it in a town in which nothing runs yet."""
    cluster_s = town.form_cluster()
    say(f"three nodes are a cluster after {cluster_s:.0f} s")
    town.up("database", *(bridge.name for bridge in BRIDGES))
    names = {bridge.name for bridge in BRIDGES}
    # Before any telegram: no broker keeps what nobody has subscribed to yet.
    eventually(lambda: names <= town.nodes_by_user().keys(), _DEADLINE_S, "the bridges at the cluster")
    town.up(*(house.name for house in EVERYBODY))
    with Witness(town.ports, town.password) as witness, MeterPoints(town.database_url) as points:
        meters = [meter for house in EVERYBODY for meter in house.meters]
        town.up("block-meters", *(f"{house.name}-{what}" for house in HOUSES for what in ("meter", "reader")))
        begin_s = time.time()
        eventually(lambda: points.back_s(meters, begin_s) < _DEADLINE_S, _DEADLINE_S, "a point of every meter")
        say(f"{len(meters)} meters are in the database")
        calm_s, cpu_s, count = time.time(), _cpu_s(town), witness.count
        time.sleep(_CALM_S)
        cpu_ms = 1000 * (_cpu_s(town) - cpu_s) / (witness.count - count)

        nodes = town.nodes_by_user()
        node = nodes[BRIDGES[0].name]
        with_it = [house.name for house in EVERYBODY if nodes[house.name] == node]
        killed_s = time.time()
        town.compose("kill", node)
        say(f"{node} is killed; {BRIDGES[0].name}, {', '.join(with_it)} were connected to it")
        time.sleep(_NODE_AWAY_S)
        town.compose("start", node)
        say(f"{node} starts again")
        time.sleep(_CALM_S)

        cut_s = time.time()
        town.cut_off(CUT_OFF.name)
        say(f"{CUT_OFF.name} is cut off")
        time.sleep(_CUT_OFF_S)
        town.connect(CUT_OFF.name)
        joined_s = time.time()
        say(f"{CUT_OFF.name} is connected again")
        eventually(lambda: points.back_s(CUT_OFF.meters, joined_s) < _DEADLINE_S, _DEADLINE_S, "the house that was cut off")
        time.sleep(_CALM_S / 3)

        town.compose("stop", "block-meters", *(f"{house.name}-reader" for house in HOUSES))
        end_s = time.time()
        say("no more telegrams")
        verdict = _verdict_at_the_end(witness, points)
        others = [meter for house in EVERYBODY if house != CUT_OFF for meter in house.meters]
    return Outcome(
        verdict=verdict,
        cluster_s=cluster_s,
        cpu_ms=cpu_ms,
        calm_oldest_s=_oldest_s(points, meters, calm_s, killed_s),
        killed_node=node,
        fail_over_s=points.back_s(meters, killed_s),
        killed_oldest_s=_oldest_s(points, meters, killed_s, cut_s),
        cut_off_back_s=points.back_s(CUT_OFF.meters, joined_s),
        others_oldest_s=_oldest_s(points, others, cut_s, end_s),
        drained_s=time.time() - end_s,
    )


def _cpu_s(town: Town) -> float:
    return sum(town.cpu_s(node) for node in NODES)


def _oldest_s(points: MeterPoints, meters: Iterable[str], begin_s: float, end_s: float) -> float:
    return max(points.ages_s(meters, begin_s, end_s), default=0.0)


def _verdict_at_the_end(witness: Witness, points: MeterPoints) -> Verdict:
    """Wait until all is there and the witness has heard no more, or a deadline is over."""
    until_s, published = time.monotonic() + _DEADLINE_S, -1
    while True:
        verdict = judge(witness.published, points.stored())
        is_still = verdict.published == published
        if (is_still and not verdict.lost and not verdict.foreign) or time.monotonic() > until_s:
            return verdict
        published = verdict.published
        time.sleep(_LOOK_S)
