"""System checks of the cache's configuration."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from caching.levels import LEVELS

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@register(Tags.caches)
def check_key_functions(**kwargs: Any) -> list[CheckMessage]:
    """django-redis makes keys with the one and reads them with the other; with one alone it returns wrong names."""
    return [
        Error(
            f"CACHES[{alias!r}] has only one of KEY_FUNCTION and REVERSE_KEY_FUNCTION.",
            hint="Set both; caching.keys has the pair.",
            id="caching.E001",
        )
        for alias, cache in settings.CACHES.items()
        if ("KEY_FUNCTION" in cache) != ("REVERSE_KEY_FUNCTION" in cache)
    ]


@register()
def check_level(**kwargs: Any) -> list[CheckMessage]:
    if settings.OPTIMIZATION_LEVEL in LEVELS:
        return []
    message = f"OPTIMIZATION_LEVEL is {settings.OPTIMIZATION_LEVEL!r}, which is no level."
    return [Error(message, hint=f"Known are {', '.join(LEVELS)}.", id="caching.E002")]


@register(Tags.security, deploy=True)
def check_redis_is_encrypted(**kwargs: Any) -> list[CheckMessage]:
    url = urlsplit(settings.REDIS_URL)
    if url.scheme != "redis" or url.hostname in _LOOPBACK:
        return []
    message = "REDIS_URL reaches another machine without TLS: what is sent can be read on the way."
    return [Warning(message, hint="Use rediss:// (double s) where your Redis speaks TLS.", id="caching.W001")]
