"""Several API keys of one provider, used in turn. A key that the provider refuses is left out for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from functools import cache
from typing import Any

# Seconds that a key without quota, or a rejected one, is left out where the provider does not say how long.
LEFT_OUT_SECONDS = 60.0
LONGEST_SECONDS = 3600.0


def split_keys(value: str) -> list[str]:
    """Return the keys of a setting such as `key-1,key-2`."""
    return [key.strip() for key in value.split(",") if key.strip()]


class ApiKeys:
    """The keys of one provider in this process. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used = 0
        self._refused_until: dict[str, float] = {}

    def next_of(self, keys: list[str]) -> str:
        """Return the key to use now; the one that is usable soonest if all are left out. Empty if there is none."""
        if len(keys) < 2:
            return keys[0] if keys else ""
        with self._lock:
            now = time.monotonic()
            usable = [key for key in keys if self._refused_until.get(key, 0.0) <= now]
            if not usable:
                return min(keys, key=self._refused_until.__getitem__)
            self._used += 1
            return usable[self._used % len(usable)]

    def refused(self, key: str, retry_after: float | None) -> None:
        """Leave `key` out for `retry_after` seconds."""
        seconds = min(retry_after or LEFT_OUT_SECONDS, LONGEST_SECONDS)
        with self._lock:
            self._refused_until[key] = time.monotonic() + seconds

    def is_refused(self, key: str) -> bool:
        return self._refused_until.get(key, 0.0) > time.monotonic()


@cache
def keys_of(provider: str) -> ApiKeys:
    return ApiKeys()


def redacted(value: Any, secrets: Iterable[str]) -> Any:
    """Return a JSON value whose texts hold none of the `secrets`, and no half of a character: no answer can hold it."""
    if isinstance(value, dict):
        return {redacted(name, secrets): redacted(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [redacted(item, secrets) for item in value]
    if isinstance(value, str):
        for secret in filter(None, secrets):
            value = value.replace(secret, "***")
        return value.encode("utf-8", "replace").decode()
    return value
