"""Units that providers bill, as they report them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

# Larger figures of one call are a provider's error. Billions of calls add up within the 64 bits of a column.
MAX_UNITS = 10**9
# About a day. Columns hold billionths of seconds.
MAX_SECONDS = 10**5


@dataclass(frozen=True, slots=True)
class Usage:
    """Billed units of one call. `Usage()` means nothing was billed; None means unknown."""

    # Without cached tokens, which have their own price.
    input_tokens: int = 0
    # Input tokens that the provider found in its own prompt cache.
    cached_input_tokens: int = 0
    output_tokens: int = 0
    characters: int = 0
    audio_seconds: Decimal | int = 0

    @classmethod
    def from_tokens(cls, usage: Mapping[str, Any] | None) -> Usage | None:
        """Parse OpenAI's `usage`, whose `prompt_tokens` include cached ones. None if it is unusable."""
        if not usage:
            return None
        details = usage.get("prompt_tokens_details")
        cached: Any = (details.get("cached_tokens") if isinstance(details, Mapping) else 0) or 0
        prompt: Any = usage.get("prompt_tokens")
        output: Any = usage.get("completion_tokens", 0)
        if not (_is_count(prompt) and _is_count(output) and _is_count(cached)):
            return None
        cached = min(cached, prompt)
        return cls(input_tokens=prompt - cached, cached_input_tokens=cached, output_tokens=output)

    @classmethod
    def from_billed(cls, billed: Mapping[str, Any]) -> Usage | None:
        """Parse units by field name (`{"characters": 42}`). None if there are none."""
        known = {name: billed[name] for name in UNITS if _is_count(billed.get(name), _MAX[name])}
        return cls(**known) if known else None

    @classmethod
    def total(cls, parts: Iterable[Usage | None]) -> Usage | None:
        """Return the sum; None if one part is unknown."""
        usages = list(parts)
        return None if None in usages else sum((usage for usage in usages if usage), cls())

    def items(self) -> Iterator[tuple[str, Decimal | int]]:
        return ((name, count) for name in UNITS if (count := getattr(self, name)))

    @property
    def tokens(self) -> dict[str, int]:
        """The totals that OpenTelemetry's conventions name, cached tokens included; empty for what has no tokens."""
        found = {
            "input_tokens": self.input_tokens + self.cached_input_tokens,
            "output_tokens": self.output_tokens,
        }
        return {name: count for name, count in found.items() if count}

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in UNITS})


UNITS = tuple(field.name for field in fields(Usage))
_MAX = dict.fromkeys(UNITS, MAX_UNITS) | {"audio_seconds": MAX_SECONDS}


def _is_count(value: Any, most: int = MAX_UNITS) -> bool:
    if isinstance(value, Decimal) and not value.is_finite():
        return False
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 <= value < most
