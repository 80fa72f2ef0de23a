"""Invented traffic of three voice bots, so that a new dashboard shows something.

Every row is marked by the currency XTS or a client or key that begins with `sample`. No total of real money contains
them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db import transaction
from django.utils import timezone

from caching.ledger import recent_stream, summing
from caching.maintenance import sample_requests
from caching.maintenance.sample_requests import BOTS, CLIENT_PREFIX, MEDIAN_MS, QUESTIONS, Bot
from caching.models import Call, EntryHits, ErrorCount, HourlyUsage, MinuteUsage, Outcome, UsageTotals
from caching.pricing.list_prices import SAMPLE_CURRENCY
from caching.pricing.usage import UNITS, Usage

DAYS = 30
_BATCH = 500
_SEED = 20
# The last hours have rows by minute too.
HOURS_BY_MINUTE = 2
# Errors of the last minutes raise banners and alerts, and invented ones must not.
WITHOUT_ERRORS = timedelta(minutes=20)
# Each code with its relative frequency.
ERROR_CODES = {
    "provider_timeout": 5,
    "provider_rate_limited": 4,
    "provider_unavailable": 3,
    "audio_format_unavailable": 1,
}
_SUMMED = (*UNITS, "requests", "cost", "saved", "seconds", *UsageTotals.BUCKETS)


def remove() -> int:
    """Delete all sample data. Return the number of requests that it stood for."""
    with transaction.atomic():
        rows = HourlyUsage.objects.filter(currency=SAMPLE_CURRENCY)
        requests = sum(rows.values_list("requests", flat=True))
        hours = list(rows.values_list("hour", flat=True).distinct())
        rows.delete()
        summing.hours_changed(hours)
        for model in (MinuteUsage, Call, EntryHits):
            model.objects.filter(currency=SAMPLE_CURRENCY).delete()
        ErrorCount.objects.filter(client__startswith=CLIENT_PREFIX).delete()
    for bot in BOTS:
        recent_stream.erase(bot.client)
    return requests


def fill(days: int = DAYS, now: datetime | None = None) -> int:
    """Replace the sample data by that of the last `days` days. Return the number of requests that it stands for."""
    now = now or timezone.now()
    chance = random.Random(_SEED)  # noqa: S311 (invented figures)
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    minutes = list(_minutes(chance, this_hour - timedelta(hours=HOURS_BY_MINUTE), now))
    hours = [*_hours(chance, this_hour, days), *_by_hour(minutes)]
    with transaction.atomic():
        remove()
        HourlyUsage.objects.bulk_create(hours, _BATCH)
        summing.hours_changed(row.hour for row in hours)
        MinuteUsage.objects.bulk_create(minutes, _BATCH)
        ErrorCount.objects.bulk_create(_errors(chance, hours, minutes), _BATCH)
        Call.objects.bulk_create(sample_requests.calls(chance, now), _BATCH)
        EntryHits.objects.bulk_create(_entries(chance, now, days), _BATCH)
    recent_stream.append(sample_requests.latest(chance, now), 0)
    return sum(row.requests for row in hours)


def _hours(chance: random.Random, this_hour: datetime, days: int) -> Iterator[HourlyUsage]:
    """Yield the rows of all hours but those that have minutes."""
    for back in range(days * 24, HOURS_BY_MINUTE, -1):
        hour = this_hour - timedelta(hours=back)
        # The cache fills and the bots' texts settle: from a quarter to more than half.
        hit_rate = 0.6 - 0.35 * math.exp(-(days - back / 24) / 8)
        for bot in BOTS:
            requests = round(bot.busiest * _activity(hour) * chance.uniform(0.8, 1.2))
            for values in _rows(chance, bot, hour, requests, hit_rate * chance.uniform(0.9, 1.1)):
                yield HourlyUsage(hour=hour, **values)


def _minutes(chance: random.Random, minute: datetime, now: datetime) -> Iterator[MinuteUsage]:
    while minute <= now:
        for bot in BOTS:
            requests = round(bot.busiest / 60 * _activity(minute) * chance.uniform(0.2, 1.8) + chance.random() - 0.5)
            for values in _rows(chance, bot, minute, requests, chance.uniform(0.5, 0.7)):
                if values["outcome"] != Outcome.ERROR or minute < now - WITHOUT_ERRORS:
                    yield MinuteUsage(minute=minute, **values)
        minute += timedelta(minutes=1)


def _by_hour(minutes: Iterable[MinuteUsage]) -> Iterable[HourlyUsage]:
    hours: dict[tuple[object, ...], HourlyUsage] = {}
    for row in minutes:
        hour = row.minute.replace(minute=0)
        same = {name: getattr(row, name) for name in MinuteUsage.KEY if name != "minute"}
        total = hours.setdefault((hour, *same.values()), HourlyUsage(hour=hour, **same))
        for name in _SUMMED:
            setattr(total, name, getattr(total, name) + getattr(row, name))
    return hours.values()


def _errors(
    chance: random.Random, hours: Iterable[HourlyUsage], minutes: Iterable[MinuteUsage]
) -> Iterable[ErrorCount]:
    """Return an error code for each failed request."""
    counts: dict[tuple[object, ...], ErrorCount] = {}
    by_minute = {row.minute.replace(minute=0) for row in minutes}
    whole = ((row.hour, row) for row in hours if row.hour not in by_minute)
    for start, row in chain(whole, ((row.minute, row) for row in minutes)):
        for _ in range(row.requests if row.outcome == Outcome.ERROR else 0):
            minute = start if isinstance(row, MinuteUsage) else start + timedelta(minutes=chance.randrange(60))
            [code] = chance.choices([*ERROR_CODES], [*ERROR_CODES.values()])
            same = {name: getattr(row, name) for name in ErrorCount.KEY if name not in ("minute", "code")}
            key = (minute, code, *same.values())
            counts.setdefault(key, ErrorCount(minute=minute, code=code, **same)).requests += 1
    return counts.values()


def _activity(hour: datetime) -> float:
    """Return the share of the busiest hour, 0 to 1: mornings and afternoons of working days."""
    local = timezone.localtime(hour)
    daily = math.exp(-(((local.hour - 11) / 4.5) ** 2)) + 0.15
    return min(1.0, daily) * (0.45 if local.weekday() >= 5 else 1.0)


def _rows(chance: random.Random, bot: Bot, hour: datetime, requests: int, hit_rate: float) -> Iterator[dict[str, Any]]:
    """Yield the totals of one span of time, one for each kind of result."""
    hits, errors = (_times(chance, requests, share) for share in (hit_rate, 0.004))
    semantic = 0 if bot.level == "quality" else _times(chance, hits, 0.18)
    counts = {
        Outcome.EXACT: hits - semantic,
        Outcome.SEMANTIC: semantic,
        Outcome.MISS: max(0, requests - hits - errors),
        Outcome.ERROR: errors,
    }
    for outcome, count in counts.items():
        if count:
            yield _row(chance, bot, "llm", outcome, hour, count)
    # Sentences repeat more often than questions; speech has no semantic hits.
    spoken = {Outcome.EXACT: _times(chance, requests, min(0.9, hit_rate * 1.25)), Outcome.ERROR: 0}
    spoken[Outcome.MISS] = requests - spoken[Outcome.EXACT]
    for outcome, count in spoken.items():
        if count > 0:
            yield _row(chance, bot, "tts", outcome, hour, count)


def _times(chance: random.Random, requests: int, share: float) -> int:
    """Return how many of the requests it happens to."""
    return sum(chance.random() < share for _ in range(requests))


def _row(
    chance: random.Random, bot: Bot, cache_type: str, outcome: Outcome, moment: datetime, count: int
) -> dict[str, Any]:
    provider, model = bot.chat if cache_type == "llm" else bot.speech
    usage = Usage()
    if outcome != Outcome.ERROR:
        usage = sample_requests.usage(chance, cache_type, count)
    worth = sample_requests.worth(provider, model, usage)
    durations = [chance.lognormvariate(math.log(MEDIAN_MS[outcome] / 1000), 0.5) for _ in range(count)]
    buckets: dict[str, int] = {}
    for seconds in durations:
        name = HourlyUsage.bucket(seconds)
        buckets[name] = buckets.get(name, 0) + 1
    return {
        "cache_type": cache_type,
        "outcome": outcome,
        "level": bot.level,
        "provider": provider,
        "model": model,
        "client": bot.client,
        "currency": SAMPLE_CURRENCY,
        "requests": count,
        **sample_requests.amounts(outcome, worth),
        "seconds": sum(durations),
        **dict(usage.items()),
        **buckets,
    }


def _entries(chance: random.Random, now: datetime, days: int) -> Iterator[EntryHits]:
    for back in range(days + 1):
        for rank, question in enumerate(QUESTIONS, start=1):
            hits = round(260 / rank * chance.uniform(0.7, 1.3))
            yield EntryHits(
                day=(now - timedelta(days=back)).date(),
                key=question.key,
                currency=SAMPLE_CURRENCY,
                cache_type="llm",
                question=question.text,
                hits=hits,
                saved=sample_requests.worth(*BOTS[1].chat, sample_requests.usage(chance, "llm", hits)),
            )
