"""Indexes. The folder is the registry: `numpy.py` is the index "numpy", its class is `Index`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caching.plugins import load_plugin, plugin_names

# Importing numpy takes a tenth of the start of a command that only asks for names.
if TYPE_CHECKING:
    from caching.semantic.indexes.base import BaseIndex


def names() -> list[str]:
    return list(plugin_names(__path__))


def is_shared(name: str) -> bool:
    """True if all workers share the entries. ValueError for a name that no file has."""
    return bool(load_plugin(__name__, __path__, name).Index.shared)


def get_index(name: str, dimensions: int, max_entries: int = 100_000, made_by: str = "", leading: int = 0) -> BaseIndex:
    """A new index: empty, or what others see too where it is shared. ValueError for a name that no file has."""
    index: BaseIndex = load_plugin(__name__, __path__, name).Index(dimensions, max_entries, made_by, leading)
    return index
