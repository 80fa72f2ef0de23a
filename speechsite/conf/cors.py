"""Headers that a page of another origin may send to the API, and read in its answers."""

from __future__ import annotations

# Sent by OpenAI's SDK for browsers as X-Stainless-…
_STAINLESS = (
    *("arch", "async", "custom-poll-interval", "helper-method", "lang", "os", "package-version", "poll-helper"),
    *("raw-response", "read-timeout", "retry-count", "runtime", "runtime-version", "timeout"),
)
SENT = [
    *("accept", "authorization", "cache-control", "content-type", "user-agent", "x-optimization-level"),
    *("openai-organization", "openai-project", "idempotency-key", "x-requested-with"),
    *(f"x-stainless-{name}" for name in _STAINLESS),
]
READ = [
    *("Age", "Cache-Status", "Retry-After"),
    *("X-Cache", "X-Cache-Match", "X-Cache-Probability", "X-Cache-Similarity"),
    *(
        "X-Budget-Warning",
        "X-Cost-Saved-USD",
        "X-Cost-USD",
        "X-Provider",
        "X-Receipt-ID",
        "X-Request-ID",
        "x-should-retry",
    ),
]
