"""django-redis' client with the formats of `caching.redis.serializers`, and the short form of entries."""

from __future__ import annotations

from typing import Any

from django_redis.client import DefaultClient

from caching.redis.serializers import Audio, Unreadable
from caching.redis.short_form import complete, shortened


class CacheClient(DefaultClient):
    """django-redis' client, but digits are not parsed as numbers: `int()` of audio is slow and wrong.

    `get` and `set` are for packages that use Django's cache, as the admin's search does; they store JSON objects only.
    """

    def get(self, key: Any, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get(key, default, *args, **kwargs)
        except Unreadable:
            return default

    def set(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().set(*args, **kwargs)
        except TypeError:
            return False

    def decode(self, value: Any) -> Any:
        found = self._serializer.loads(value)
        complete(found.fields if isinstance(found, Audio) else found)
        return found

    def encode(self, value: Any, *, allow_int: bool = True) -> Any:
        if isinstance(value, Audio):
            value = Audio(value.data, shortened(value.fields))
        elif isinstance(value, dict):
            value = shortened(value)
        return self._serializer.dumps(value)
