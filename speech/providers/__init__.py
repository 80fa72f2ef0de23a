"""The folder is the registry: the module's name is the provider's name, and its class is called `Provider`."""

from __future__ import annotations

import functools

from caching.plugins import load_plugin, plugin_names
from speech.providers.base import BaseProvider


@functools.cache
def names() -> tuple[str, ...]:
    """The names of all providers, in alphabetical order."""
    return plugin_names(__path__)


@functools.cache
def get(name: str) -> BaseProvider:
    """The one instance of the provider `name` in this process; it is safe to use from many threads.

    Raises ValueError when there is no such file.
    """
    provider: BaseProvider = load_plugin(__name__, __path__, name).Provider(name)
    return provider


@functools.cache
def that_do(operation: str) -> tuple[str, ...]:
    """The names of the providers that do "chat", "speech" or "transcription", in alphabetical order."""
    return tuple(name for name in names() if operation in get(name).does)
