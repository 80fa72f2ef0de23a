"""Figures of `cache_stats` as text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from caching.management.tables import table
from caching.redis.url import NOT_SET
from caching.reports import semantic_quality
from caching.templatetags.formatting import count, milliseconds, money, percent

LONGEST_QUESTION = 60


def stats_text(found: dict[str, Any]) -> str:
    """Return the figures that `summary.collect` found, as a page of tables."""
    parts = [_summary(found), *_groups(found), _top_questions(found), semantic_quality.as_text(found["semantic"])]
    return "\n\n".join("\n".join(lines) for lines in [*parts, _redis(found["redis"])] if lines)


def _summary(found: dict[str, Any]) -> list[str]:
    requests, seconds = found["requests"], found["average_seconds"]
    facts = [
        ("Requests", count(sum(requests.values())), _results(found)),
        ("Hit rate", percent(found["hit_rate"]), "no requests" if found["hit_rate"] is None else ""),
        *_money(found),
        ("Hit, average", milliseconds(seconds["hit"]), f"miss {milliseconds(seconds['miss'])}"),
        ("Tokens", count(found["tokens"]["served"]), f"from the cache, {found['tokens']['billed']:,} billed"),
        (
            "Characters",
            count(found["characters"]["served"]),
            f"from the cache, {found['characters']['billed']:,} billed",
        ),
    ]
    name, value = (max(len(fact[column]) for fact in facts) for column in (0, 1))
    first = f"{_moment(found['from'])} to {_moment(found['to'])} UTC"
    return [first, "", *(f"{fact[0]:{name}}  {fact[1]:>{value}}  {fact[2]}".rstrip() for fact in facts)]


def _results(found: dict[str, Any]) -> str:
    results = ", ".join(f"{name} {n:,}" for name, n in found["requests"].items() if n)
    return f"{results}; sample data {found['sample_requests']:,}" if found["sample_requests"] else results


def _money(found: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    real, demo = found, found["list_prices"]
    shown, note = (demo, f"{found['list_prices_mark']}, nothing was paid") if _is_demo(found) else (real, "")
    saved, spent = Decimal(shown["saved"]), Decimal(shown["spent"])
    whole = saved + spent
    share = f"{percent(float(saved / whole))} of the bill without a cache, {money(whole)}" if whole > 0 else ""
    unpriced, models = found["unpriced_requests"], ", ".join(found["unpriced_models"])
    missing = f"and {count(unpriced)} unpriced requests: {models}" if unpriced else ""
    yield "Saved", money(saved), "; ".join(filter(None, (share, note)))
    yield "Spent", money(spent), "; ".join(filter(None, (missing, note)))


def _is_demo(found: dict[str, Any]) -> bool:
    return not (Decimal(found["saved"]) or Decimal(found["spent"])) and any(map(Decimal, found["list_prices"].values()))


def _groups(found: dict[str, Any]) -> Iterator[list[str]]:
    mark = f" ({found['list_prices_mark']})" if _is_demo(found) else ""
    for title, groups in (("Level", found["by_level"]), ("Model", found["by_model"])):
        if groups:
            rows = [(name or "–", *_group(each, _is_demo(found))) for name, each in groups.items()]
            yield table((title, "Requests", "Hit rate", f"Saved{mark}", f"Spent{mark}"), rows)


def _group(group: dict[str, Any], is_demo: bool) -> tuple[str, ...]:
    amounts = group["list_prices"] if is_demo else group
    saved, spent = money(Decimal(amounts["saved"])), money(Decimal(amounts["spent"]))
    return count(group["requests"]), percent(group["hit_rate"]), saved, spent


def _top_questions(found: dict[str, Any]) -> list[str]:
    rows = [
        (_short(top["question"]), count(top["hits"]), money(Decimal(top["saved"])) + " sample data" * top["is_sample"])
        for top in found["top_questions"]
    ]
    return table(("Top questions, whole days", "Hits", "Saved"), rows) if rows else []


def _redis(redis: dict[str, Any]) -> list[str]:
    if redis["status"] == "off":
        return [f"Redis     off: {NOT_SET}"]
    if redis["status"] == "down":
        return [f"Redis     disconnected: {redis['reason']}"]
    about = "" if redis["keys_are_exact"] else "about "
    counted = ", ".join(f"{kind} {about}{number:,}" for kind, number in redis["keys"].items() if number)
    limit = f"{redis['max_bytes'] / 2**20:,.0f} MB" if redis["max_bytes"] else "no limit"
    memory = f"{redis['used_bytes'] / 2**20:,.1f} MB of {limit}" if redis["used_bytes"] else "unknown"
    lines = [
        f"Redis     connected, {redis['version']}",
        f"Memory    {memory}",
        f"Keys      {counted or 'none'}",
    ]
    return [*lines, redis["warning"]] if redis["warning"] else lines


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%d %b %Y %H:%M}"


def _short(question: str) -> str:
    return question if len(question) <= LONGEST_QUESTION else f"{question[:LONGEST_QUESTION]}…"
