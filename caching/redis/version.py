"""What the version of a Redis says about what it can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VECTOR_SETS = (8, 0)


def version(info: Mapping[str, Any]) -> tuple[int, ...]:
    """Of Redis' INFO; Valkey names the Redis there that it is compatible with."""
    return tuple(int(part) for part in str(info.get("redis_version", "0.0")).split(".")[:2] if part.isdecimal())


def has_vector_sets(info: Mapping[str, Any]) -> bool:
    return version(info) >= VECTOR_SETS
