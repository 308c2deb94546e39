"""Who is in the play: nodes, houses, a housing block, bridges, and which meters each of these is for."""

from dataclasses import dataclass

NODES = ("node1", "node2", "node3")
CLUSTER = "cluster"  # a name with the addresses of all nodes
METERS_OF_BLOCK = 200


@dataclass(frozen=True, slots=True)
class House:
    """A broker of its own with its meters, a pattern of their names, and its nodes in the order in which it tries them."""

    name: str
    meters: tuple[str, ...]
    pattern: str  # a regular expression
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bridge:
    """An influx_bridge and the names of the meters whose telegrams it writes."""

    name: str
    meters: str


def _rotated(by: int) -> tuple[str, ...]:
    by %= len(NODES)
    return (*NODES[by:], *NODES[:by])


BLOCK = House("block", tuple(f"block-{number:04}" for number in range(1, METERS_OF_BLOCK + 1)), "block-[0-9]+", _rotated(1))
HOUSES = tuple(
    House(f"house-{number}", (f"house-{number}",), f"house-{number}", _rotated(number - 1)) for number in range(1, 5)
)
CUT_OFF = HOUSES[2]  # the house whose line to the outside is cut
BRIDGES = (
    Bridge("bridge-a", "house-1 house-2 block-00??"),
    Bridge("bridge-b", "house-3 house-4 block-01?? block-02??"),
)
EVERYBODY = (*HOUSES, BLOCK)
