"""The folder is the registry: a module's name is the adapter's name, and its class is called `Provider`.

Each adapter is a provider of its own name. `PROVIDERS=groq:openai` adds further instances of an adapter, each with its
own name, variables, prices, breaker and metrics.
"""

from __future__ import annotations

import functools
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

from caching.plugins import load_plugin, plugin_names
from speech.providers.base import BaseProvider


@functools.cache
def names() -> tuple[str, ...]:
    """Return all providers, in alphabetical order."""
    return tuple(sorted({*plugin_names(__path__), *settings.PROVIDER_INSTANCES}))


@functools.cache
def get(name: str) -> BaseProvider:
    """Return the only instance of a provider in this process; it is thread-safe. Raises ValueError if unknown."""
    adapter = settings.PROVIDER_INSTANCES.get(name, name)
    provider: BaseProvider = load_plugin(__name__, __path__, adapter).Provider(name)
    return provider


@functools.cache
def that_do(operation: str) -> tuple[str, ...]:
    """Return the providers for "chat", "speech", "transcription" or "embedding", in alphabetical order."""
    return tuple(name for name in names() if operation in get(name).does)


def _forget(**kwargs: Any) -> None:
    if kwargs["setting"] == "PROVIDER_INSTANCES":
        for function in (names, get, that_do):
            function.cache_clear()


setting_changed.connect(_forget)
