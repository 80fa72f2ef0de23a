"""Embedders. The folder is the registry: `wordllama.py` is the embedder "wordllama", its class is `Embedder`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from caching.semantic.embedders.base import BaseEmbedder


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "base"))


def get_embedder(name: str, options: Mapping[str, str] | None = None) -> BaseEmbedder:
    """A new embedder. ValueError for a name that no file has; ImportError where its library is not installed."""
    if name not in names():
        raise ValueError(f"no embedder {name!r}; there are {', '.join(names())}")
    embedder: BaseEmbedder = import_module(f"caching.semantic.embedders.{name}").Embedder(options or {})
    return embedder
