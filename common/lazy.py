"""Modules that a library imports for what we never ask of it: loaded at the first use, if there ever is one.

(The standard library's LazyLoader loads them at the second `import` already, up to Python 3.11.)
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Unloaded(ModuleType):
    """Stands for a module until somebody uses something of it that is not `known` without it."""

    def __init__(self, name: str, known: dict[str, object]) -> None:
        super().__init__(name)
        self.__dict__.update(known, _known=known)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # asked by the import system itself
            raise AttributeError(attribute)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = import_module(self.__name__)
        for name in self._known:
            self.__dict__[name] = getattr(module, name)
        value = self.__dict__[attribute] = getattr(module, attribute)
        return value


def load_when_used(name: str, **known: object) -> None:
    """Let `import NAME` cost nothing until something of it is used; what is `known` stands for its own until then."""
    if name not in sys.modules:
        package, _, own_name = name.rpartition(".")
        sys.modules[name] = _Unloaded(name, known)
        if package:
            setattr(import_module(package), own_name, sys.modules[name])
