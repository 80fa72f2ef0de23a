"""Figures of a period, for `cache_stats` and its `--json`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings

from caching.models import REQUESTS
from caching.pricing.money import plain
from caching.redis.health import keys_by_kind, redis_health
from caching.reports import queries, semantic_quality
from caching.reports.aggregates import EVERYTHING, Figures, Period

LONGEST_QUESTION = 60


def collect(duration: timedelta) -> dict[str, Any]:
    """Return plain JSON types; amounts are strings, to stay exact."""
    period = Period.last(duration)
    figures, health, counts = queries.summary(period), redis_health(), keys_by_kind()
    levels, models = queries.by_level_and_model(period)
    return {
        "from": period.start.isoformat(timespec="seconds"),
        "to": period.end.isoformat(timespec="seconds"),
        "currency": settings.DISPLAY_CURRENCY,
        "requests": {outcome: figures.requests[outcome] for outcome in REQUESTS},
        **_money(figures),
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
            {"question": top.question, "hits": top.hits, "saved": plain(top.saved)}
            for top in queries.top_questions(period, limit=5)
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


def as_text(found: dict[str, Any]) -> str:
    requests, redis, currency = found["requests"], found["redis"], found["currency"]
    about = "" if redis["keys_are_exact"] else "about "
    lines = [
        f"{found['from']} to {found['to']}",
        f"requests   {sum(requests.values()):,}: " + ", ".join(f"{name} {n:,}" for name, n in requests.items() if n),
        f"hit rate   {_percent(found['hit_rate'])}",
        f"spent      {found['spent']} {currency}" + _unpriced(found),
        f"saved      {found['saved']} {currency}",
        f"tokens     {found['tokens']['billed']:,} billed, {found['tokens']['served']:,} served from the cache",
        f"characters {found['characters']['billed']:,} billed, {found['characters']['served']:,} served from the cache",
        *(f"  {name:20} {_percent(group['hit_rate']):>7}  saved {group['saved']}" for name, group in _groups(found)),
        *(
            f"  {top['hits']:6,} hits  saved {top['saved']:12} {_short(top['question'])}"
            for top in found["top_questions"]
        ),
        *semantic_quality.as_text(found["semantic"]),
        f"redis      {redis['status']} {redis['version']} {redis['reason']}".rstrip(),
        f"memory     {redis['used_bytes'] / 2**20:,.1f} MB of {_limit(redis['max_bytes'])}",
        "keys       " + ", ".join(f"{kind} {about}{count:,}" for kind, count in redis["keys"].items() if count),
    ]
    return "\n".join([*lines, redis["warning"]] if redis["warning"] else lines)


def _money(figures: Figures) -> dict[str, str]:
    return {"spent": plain(figures.spent), "saved": plain(figures.saved)}


def _group(figures: Figures) -> dict[str, Any]:
    return {"requests": figures.total, "hits": figures.hits, "hit_rate": figures.hit_rate, **_money(figures)}


def _groups(found: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [*found["by_level"].items(), *found["by_model"].items()]


def _unpriced(found: dict[str, Any]) -> str:
    count = found["unpriced_requests"]
    return f", and {count:,} requests unpriced: {', '.join(found['unpriced_models'])}" if count else ""


def _percent(rate: float | None) -> str:
    return "no requests" if rate is None else f"{rate:.1%}"


def _limit(size: int) -> str:
    return f"{size / 2**20:,.0f} MB" if size else "no limit"


def _short(question: str) -> str:
    return question if len(question) <= LONGEST_QUESTION else f"{question[:LONGEST_QUESTION]}…"
