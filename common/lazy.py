"""Modules that a library imports for what we never ask of it: loaded at the first use, if there ever is one.

(The standard library's LazyLoader loads them at the second `import` already, up to Python 3.11.)
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Unloaded(ModuleType):
    """Stands for a module until somebody uses something of it."""

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # asked by the import system itself
            raise AttributeError(attribute)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        value = self.__dict__[attribute] = getattr(import_module(self.__name__), attribute)
        return value


def load_when_used(name: str) -> None:
    """Let `import NAME` cost nothing until something of it is used."""
    if name not in sys.modules:
        package, _, own_name = name.rpartition(".")
        sys.modules[name] = _Unloaded(name)
        if package:
            setattr(import_module(package), own_name, sys.modules[name])
