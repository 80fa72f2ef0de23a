"""Figures of a period, for `cache_stats` and its `--json`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings

from caching.models import REQUESTS
from caching.pricing.money import plain
from caching.redis.health import keys_by_kind, redis_health
from caching.reports import leaders, queries, semantic_quality
from caching.reports.aggregates import EVERYTHING, Figures
from caching.reports.period import Period


def collect(duration: timedelta) -> dict[str, Any]:
    """Return plain JSON types; amounts are strings, to stay exact."""
    period = Period.last(duration)
    figures, health, counts = queries.summary(period), redis_health(), keys_by_kind()
    levels, models = queries.by_level_and_model(period)
    return {
        "from": period.first.isoformat(timespec="seconds"),
        "to": period.end.isoformat(timespec="seconds"),
        "currency": settings.DISPLAY_CURRENCY,
        "requests": {outcome: figures.requests[outcome] for outcome in REQUESTS},
        "sample_requests": figures.sample_requests,
        **_money(figures),
        "list_prices": _list_prices(figures),
        "list_prices_mark": figures.mark,
        "hit_rate": figures.hit_rate,
        "overhead": plain(figures.overhead),
        "unpriced_requests": figures.unpriced,
        "tokens": {"billed": figures.tokens_billed, "served": figures.tokens_served},
        "characters": {"billed": figures.characters_billed, "served": figures.characters_served},
        "average_seconds": {"hit": figures.average_hit_seconds, "miss": figures.average_miss_seconds},
        "by_level": {name: _group(group) for name, group in levels},
        "by_model": {name: _group(group) for name, group in models},
        "unpriced_models": [f"{provider}/{model}" for provider, model, _ in queries.unpriced_models(period)],
        "top_questions": [
            {"question": top.question, "hits": top.hits, "saved": plain(top.saved), "is_sample": top.is_sample}
            for top in leaders.top_questions(period, limit=5)
        ],
        "semantic": semantic_quality.as_json(semantic_quality.correctness(period, EVERYTHING)),
        "redis": {
            "status": health.status,
            "reason": health.reason,
            "version": health.version,
            "used_bytes": health.used_bytes,
            "max_bytes": health.max_bytes,
            "warning": health.warning,
            "keys": counts.by_kind,
            "keys_are_exact": counts.exact,
        },
    }


def _money(figures: Figures) -> dict[str, str]:
    return {"spent": plain(figures.spent), "saved": plain(figures.saved)}


def _list_prices(figures: Figures) -> dict[str, str]:
    """Return the worth of local providers and sample data, which is in no other amount."""
    return {"spent": plain(figures.list_spent), "saved": plain(figures.list_saved)}


def _group(figures: Figures) -> dict[str, Any]:
    return {"requests": figures.total, "hits": figures.hits, "hit_rate": figures.hit_rate} | {
        **_money(figures),
        "list_prices": _list_prices(figures),
    }
