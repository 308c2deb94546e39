"""How much an object keeps: what a stream of bad input must not make grow."""

import gc
from collections import deque
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)  # is shared by all


def elements(kept: object) -> int:
    """Count what is in all containers that can be reached from an object."""
    seen, waiting, count = {id(kept)}, [kept], 0
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, dict | list | tuple | set | frozenset | deque | bytearray):
            count += len(thing)
        for other in gc.get_referents(thing):
            if id(other) not in seen and not isinstance(other, _CODE):
                seen.add(id(other))
                waiting.append(other)
    return count
