"""Features of a Redis by its version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VECTOR_SETS = (8, 0)
# The first release of each line in which VREM frees nothing that a VSIM in another thread still reads (security fixes
# of 17 August 2026).
SAFE_VECTOR_SETS = ((8, 2, 9), (8, 4, 6), (8, 6, 6), (8, 8, 2), (8, 10, 1))


def version(info: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the version in Redis' INFO; of Valkey that of the Redis that it is compatible with."""
    return tuple(int(part) for part in str(info.get("redis_version", "0.0")).split(".") if part.isdecimal())


def is_valkey(info: Mapping[str, Any]) -> bool:
    return info.get("server_name") == "valkey"


def product(info: Mapping[str, Any]) -> str:
    """Return name and version, such as `Valkey 8.1.1`."""
    if is_valkey(info):
        return f"Valkey {info.get('valkey_version', 'of an unknown version')}"
    return f"Redis {info.get('redis_version', 'of an unknown version')}"


def has_vector_sets(info: Mapping[str, Any]) -> bool:
    return version(info) >= VECTOR_SETS and not is_valkey(info)


def has_safe_vector_sets(info: Mapping[str, Any]) -> bool:
    """Return True if vector sets may be searched while entries are removed."""
    ours = version(info)
    same_line = [fixed for fixed in SAFE_VECTOR_SETS if fixed[:2] == ours[:2]]
    return ours >= (same_line or SAFE_VECTOR_SETS)[-1]
