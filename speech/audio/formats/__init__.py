"""The folder is the registry: the module's name is the codec's name, and its class is called `Codec`."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from speech.audio.formats.base import BaseCodec


@functools.cache
def names() -> tuple[str, ...]:
    """All codecs, in alphabetical order, whether or not this installation can use them."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base"))


def get(name: str) -> type[BaseCodec]:
    """Raises KeyError when there is no such file."""
    if name not in names():
        raise KeyError(name)
    codec: type[BaseCodec] = importlib.import_module(f"{__name__}.{name}").Codec
    return codec


def codecs() -> list[str]:
    """What can be used now, in alphabetical order."""
    return [name for name in names() if get(name).is_usable()]
