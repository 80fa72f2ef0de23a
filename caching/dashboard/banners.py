"""Banners on every page of the admin: current failures, and what to do about each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.db.models import Sum
from django.utils import timezone

from caching.feedback import thresholds
from caching.models import REQUESTS, ErrorCount, MinuteUsage, Outcome
from caching.redis import store
from caching.reports.period import Period

# Errors are looked for in the last minutes; fewer, or a smaller share, make no banner.
ERROR_MINUTES = 10
LEAST_ERRORS, LEAST_SHARE = 5, 0.05
ACCURACY_DAYS = 30
# A page asks the database at most so often.
KEPT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Banner:
    level: Literal["error", "warning"]
    title: str
    # What to do.
    advice: str
    # Name of the page that tells more, and its query string.
    page: str = ""
    query: str = ""
    link: str = ""


def current() -> list[Banner]:
    """Return the banners: Redis as this process sees it now; errors and wrong answers up to KEPT_SECONDS old."""
    return [*_redis(), *_kept.get()]


def _redis() -> Iterator[Banner]:
    if not store.enabled():
        yield Banner(
            "warning", "Caching is off, so every request is paid for.", "Set REDIS_URL and start the server again."
        )
    elif not store.available():
        yield Banner(
            "error",
            "Redis is disconnected: every request is answered by a provider, at full price.",
            f"{store.state().reason.rstrip('.')}. Run manage.py cache_doctor.",
            "admin:index",
            "tab=health",
            "Health",
        )


def _errors() -> Iterator[Banner]:
    since = timezone.now() - timedelta(minutes=ERROR_MINUTES)
    rows = MinuteUsage.objects.filter(minute__gte=since, outcome__in=REQUESTS).values_list("outcome")
    counts = dict(rows.annotate(Sum("requests")))
    errors, total = counts.get(Outcome.ERROR, 0), sum(counts.values())
    if errors < LEAST_ERRORS or errors < LEAST_SHARE * total:
        return
    worst = (
        ErrorCount.objects.filter(minute__gte=since)
        .values_list("provider", "code")
        .annotate(n=Sum("requests"))
        .order_by("-n")
        .first()
    )
    provider, code, _ = worst or ("", "", 0)
    yield Banner(
        "error",
        f"{errors:,} of {total:,} requests of the last {ERROR_MINUTES} minutes failed, "
        f"most with {code}{f' at {provider}' if provider else ''}.",
        ADVICE.get(code, "Open a failed request to see the message."),
        "requests",
        "pill=error",
        "Failed requests",
    )


ADVICE = {
    "provider_auth_failed": "The provider refuses the key: set a valid one and start the server again.",
    "provider_quota_exceeded": "The account at the provider has no credit left.",
    "provider_rate_limited": "The provider's rate limit is reached: ask for a higher one, or name a fallback.",
    "provider_timeout": "The provider is slow: name a fallback, or raise PROVIDER_READ_TIMEOUT.",
    "provider_unavailable": "The provider fails or cannot be reached: see its status page, or name a fallback.",
    "provider_not_configured": "The provider has no key: set it and start the server again.",
    "server_busy": "The server has more to do than it can: add workers or machines.",
}


def _wrong_answers() -> Iterator[Banner]:
    period = Period.last(timedelta(days=ACCURACY_DAYS))
    for evidence in thresholds.measure(period.start, period.end).values():
        measured, limit = evidence.per_question, evidence.limit
        if evidence.is_above_limit and measured and limit is not None:
            yield Banner(
                "error",
                f"At level {evidence.level} at least {measured.low:.2%} of all questions got a wrong answer, "
                f"more than the limit of {limit:.0%}.",
                "Review the latest semantic matches; SEMANTIC_MODE=shadow stops serving them meanwhile.",
                "admin:index",
                "tab=health",
                "Accuracy",
            )


class _Kept:
    """The banners that come from the database, for KEPT_SECONDS."""

    def __init__(self) -> None:
        self._banners: list[Banner] = []
        self._until = 0.0

    def get(self) -> list[Banner]:
        if time.monotonic() > self._until:
            self._banners = [*_errors(), *_wrong_answers()]
            self._until = time.monotonic() + KEPT_SECONDS
        return self._banners

    def forget(self) -> None:
        self._until = 0.0


_kept = _Kept()
forget = _kept.forget
