"""Times to live by level, and the cache directives of one request."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from django.conf import settings

Level = Literal["quality", "balanced", "speed"]
LEVELS: tuple[Level, ...] = ("quality", "balanced", "speed")

# Seconds by which the clocks of two workers may differ unnoticed.
CLOCK_SKEW = 5.0

CacheType = Literal["llm", "tts", "stt", "emb"]
# Each with its name on pages.
CACHE_TYPES: dict[str, str] = {"llm": "Chat", "tts": "Speech", "stt": "Transcription", "emb": "Embeddings"}


def ttl(cache_type: CacheType, level: str) -> int:
    """Seconds that an entry made at `level` lives, counted from when it was made: a hit never extends it.

    Embeddings live as long as answers, transcripts as long as audio.
    """
    table: dict[str, int] = settings.LLM_CACHE_TTL if cache_type in ("llm", "emb") else settings.TTS_CACHE_TTL
    return table[level]


@dataclass(frozen=True, slots=True)
class Quota:
    """The number of entries that a client may write on a day (UTC)."""

    holder: str
    daily_entries: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The cache directives of one request (RFC 9111, section 5.2.1), and the limits that apply to it."""

    level: Level = "balanced"
    read: bool = True
    """False: do not look up (`no-cache`)."""
    write: bool = True
    """False: store nothing (`no-store`)."""
    max_age: int | None = None
    """Seconds; an older entry counts as a miss for this caller."""
    only_if_cached: bool = False
    """True: never call a provider."""
    quota: Quota | None = None
    """None: no limit."""
    stale: bool = False
    """True: serve an entry past its time to live, because the provider fails (RFC 5861)."""
    rule: str = ""
    """Name of the cache rule that applies, for Cache-Status and the ledger."""
    seconds: int | None = None
    """Time to live of a new entry; None: that of the level."""
    archive: bool = False
    """True: audio goes to the archive, if there is one, as soon as it is made."""
    threshold: float | None = None
    """Lowest probability of a semantic hit; None: that of the level and the scope."""

    def ttl(self, cache_type: CacheType) -> int:
        """Seconds that a new entry lives."""
        return ttl(cache_type, self.level) if self.seconds is None else self.seconds

    def accepts(self, created: float, ttl: int, kept: int) -> bool:
        """Return True for an entry made at `created` (`time.time()`) for `ttl` seconds that the caller may get.

        Redis drops an entry in time by its own clock, unless it keeps it for `kept` seconds more, for when a provider
        fails (RFC 5861). Only then must ours decide, and an entry from the future is as suspect as an old one.
        """
        age = time.time() - created
        fresh = not kept or -CLOCK_SKEW <= age < ttl
        if self.max_age is not None:
            # RFC 9111, section 5.2.1.1: who names an age wants nothing stale either.
            return fresh and age <= self.max_age
        return fresh or self.stale
