"""Features of a Redis by its version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VECTOR_SETS = (8, 0)
# They tell in `redis_version` which Redis they are compatible with.
_OTHERS = ("Valkey", "Dragonfly", "Kvrocks", "Garnet", "Redict", "Upstash")
# The first release of each line in which VREM frees nothing that a VSIM in another thread still reads (security fixes
# of 17 August 2026).
SAFE_VECTOR_SETS = ((8, 2, 9), (8, 4, 6), (8, 6, 6), (8, 8, 2), (8, 10, 1))


def version(info: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the version in Redis' INFO; of another product that of the Redis that it is compatible with."""
    return tuple(int(part) for part in str(info.get("redis_version", "0.0")).split(".") if part.isdecimal())


def product(info: Mapping[str, Any]) -> str:
    """Return name and version, such as `Valkey 8.1.1`."""
    for name in _OTHERS:
        if own := info.get(f"{name.lower()}_version"):
            return f"{name} {own}"
    if info.get("server_name") == "valkey":
        return "Valkey of an unknown version"
    return f"Redis {info.get('redis_version', 'of an unknown version')}"


def has_vector_sets(info: Mapping[str, Any]) -> bool:
    return version(info) >= VECTOR_SETS and product(info).startswith("Redis ")


def has_safe_vector_sets(info: Mapping[str, Any]) -> bool:
    """Return True if vector sets may be searched while entries are removed."""
    ours = version(info)
    same_line = [fixed for fixed in SAFE_VECTOR_SETS if fixed[:2] == ours[:2]]
    return ours >= (same_line or SAFE_VECTOR_SETS)[-1]
