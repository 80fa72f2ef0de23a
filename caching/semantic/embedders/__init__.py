"""Embedders. The folder is the registry: `wordllama.py` is the embedder "wordllama", its class is `Embedder`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from caching.plugins import load_plugin, plugin_names

# Importing numpy takes a tenth of the start of a command that only asks for names.
if TYPE_CHECKING:
    from caching.semantic.embedders.base import BaseEmbedder


def names() -> list[str]:
    return list(plugin_names(__path__))


def missing_library(name: str) -> str:
    """Return the library that an embedder needs and that is not installed, or ""."""
    library: str = load_plugin(__name__, __path__, name).Embedder.library
    return "" if not library or find_spec(library) else library


def get_embedder(name: str, options: Mapping[str, str] | None = None) -> BaseEmbedder:
    """A new embedder. ValueError for a name that no file has; ImportError where its library is not installed."""
    embedder: BaseEmbedder = load_plugin(__name__, __path__, name).Embedder(options or {})
    return embedder
