"""What the version of a Redis says about what it can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VECTOR_SETS = (8, 0)
SAFE_VECTOR_SETS = ((8, 2, 9), (8, 4, 6), (8, 6, 6), (8, 8, 2), (8, 10, 1))
"""The first release of each line in which VREM frees nothing that a VSIM in another thread still reads (the security
fixes of 17 August 2026)."""


def version(info: Mapping[str, Any]) -> tuple[int, ...]:
    """Of Redis' INFO; Valkey names the Redis there that it is compatible with."""
    return tuple(int(part) for part in str(info.get("redis_version", "0.0")).split(".") if part.isdecimal())


def has_vector_sets(info: Mapping[str, Any]) -> bool:
    return version(info) >= VECTOR_SETS


def has_safe_vector_sets(info: Mapping[str, Any]) -> bool:
    """Whether they may be searched while something is removed from them."""
    ours = version(info)
    same_line = [fixed for fixed in SAFE_VECTOR_SETS if fixed[:2] == ours[:2]]
    return ours >= (same_line or SAFE_VECTOR_SETS)[-1]
