"""The folder is the registry: the module's name is the codec's name, and its class is called `Codec`."""

from __future__ import annotations

import functools

from caching.plugins import load_plugin, plugin_names
from speech.audio.formats.base import BaseCodec


@functools.cache
def names() -> tuple[str, ...]:
    """Return all codecs, in alphabetical order, whether or not this installation can use them."""
    return plugin_names(__path__)


@functools.cache
def get(name: str) -> type[BaseCodec]:
    """Raises ValueError when there is no such file."""
    codec: type[BaseCodec] = load_plugin(__name__, __path__, name).Codec
    return codec


def codecs() -> list[str]:
    """Return the usable codecs, in alphabetical order."""
    return [name for name in names() if get(name).is_usable()]
