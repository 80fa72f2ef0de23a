"""Every counter of the cache. The first two are promised to users with exactly these names and labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

HITS = Counter("cache_hits", "Requests answered from the cache.", ["cache_type", "optimization_level"])
MISSES = Counter("cache_misses", "Requests looked up in the cache and not found.", ["cache_type", "optimization_level"])
BYPASSES = Counter(
    "cache_bypasses",
    "Requests not looked up: the caller asked for it, or the cache is off or away.",
    ["cache_type", "optimization_level"],
)
STORES = Counter("cache_stores", "Entries written.", ["cache_type", "optimization_level"])
SENTENCES = Counter("tts_sentences", "Sentences spoken, by where they came from.", ["outcome"])
SEMANTIC = Counter(
    "semantic_matches",
    "Answers found for a question that means the same, by how; in mode `shadow` they were not served.",
    ["optimization_level", "tier", "mode"],
)
UNREADABLE = Counter("cache_unreadable_entries", "Values in Redis that could not be read and were removed.")
REDIS_UP = Gauge("redis_up", "1 while every worker reaches Redis, 0 otherwise.", multiprocess_mode="livemin")
REDIS_ERRORS = Counter("redis_errors", "Failures of Redis, by kind.", ["kind"])
