"""Indexes. The folder is the registry: `numpy.py` is the index "numpy", its class is `Index`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from caching.semantic.indexes.base import BaseIndex


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "base"))


def get_index(name: str, dimensions: int, max_entries: int = 100_000, made_by: str = "", leading: int = 0) -> BaseIndex:
    """A new index: empty, or what others see too where it is shared. ValueError for a name that no file has."""
    if name not in names():
        raise ValueError(f"no index {name!r}; there are {', '.join(names())}")
    module = import_module(f"caching.semantic.indexes.{name}")
    index: BaseIndex = module.Index(dimensions, max_entries, made_by, leading)
    return index
