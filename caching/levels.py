"""How long something is remembered, and what a caller wants of the cache this time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

Level = Literal["quality", "balanced", "speed"]
LEVELS: tuple[Level, ...] = ("quality", "balanced", "speed")

CacheType = Literal["llm", "tts", "stt"]


def ttl(cache_type: CacheType, level: str) -> int:
    """Seconds that an entry made at `level` lives, counted from when it was made: a hit never extends it.

    Transcripts live as long as audio.
    """
    table: dict[str, int] = settings.LLM_CACHE_TTL if cache_type == "llm" else settings.TTS_CACHE_TTL
    return table[level]


@dataclass(frozen=True, slots=True)
class Quota:
    """How many entries a client may write on a day (UTC)."""

    holder: str
    daily_entries: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What one caller allows. RFC 9111, section 5.2.1 names the same four wishes as request directives."""

    level: Level = "balanced"
    read: bool = True
    """False: answer anew (`no-cache`)."""
    write: bool = True
    """False: leave no trace (`no-store`)."""
    max_age: int | None = None
    """Seconds; an older entry counts as a miss for this caller."""
    only_if_cached: bool = False
    """True: never call a provider."""
    quota: Quota | None = None
    """None: as many entries as there are."""
