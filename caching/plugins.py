"""Plug-in folders: the folder is the registry, and a module's name is the plug-in's name.

Modules whose names begin with `_`, and `base`, are no plug-ins.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType


def plugin_names(folder: Iterable[str]) -> tuple[str, ...]:
    """The names of the plug-ins in a package's `__path__`, sorted."""
    names = (module.name for module in pkgutil.iter_modules(folder))
    return tuple(sorted(name for name in names if name != "base" and not name.startswith("_")))


def load_plugin(package: str, folder: Iterable[str], name: str) -> ModuleType:
    """Import the plug-in `name` of `package`. Raises ValueError, with the names that exist, if there is none."""
    if name not in (names := plugin_names(folder)):
        raise ValueError(f"no plug-in {name!r} in {package}; available: {', '.join(names)}")
    return importlib.import_module(f"{package}.{name}")
