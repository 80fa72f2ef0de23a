"""Invented traffic of three voice bots, so that a new dashboard shows something.

Every row is marked by the currency XTS and a client or key that begins with `sample`. No total of real money contains
them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from caching.models import Call, EntryHits, HourlyUsage, Outcome
from caching.pricing import prices
from caching.pricing.list_prices import SAMPLE_CURRENCY
from caching.pricing.usage import Usage

CLIENT_PREFIX = "sample-"
KEY_PREFIX = "sample:"
DAYS = 30
_BATCH = 500
_SEED = 20


@dataclass(frozen=True, slots=True)
class Bot:
    client: str
    level: str
    # Requests per hour at noon of a working day.
    busiest: int
    # Provider and model of chat and of speech.
    chat: tuple[str, str]
    speech: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    # Another wording that the same answer serves; empty for none.
    other_words: str = ""


BOTS = (
    Bot("sample-ivr", "speed", 240, ("sarvam", "sarvam-105b"), ("sarvam", "bulbul:v3")),
    Bot("sample-web-chat", "balanced", 150, ("openai", "gpt-6.1-terra"), ("openai", "tts-1")),
    Bot("sample-clinic", "quality", 60, ("openai", "gpt-6.1-terra"), ("elevenlabs", "eleven_flash_v2_5")),
)
QUESTIONS = (
    Question("Where is my order?", "Can you tell me where my order is?"),
    Question("What are your opening hours?", "When are you open?"),
    Question("How do I reset my password?", "I need to reset my password."),
    Question("How long does delivery take?"),
    Question("Can I talk to a person?", "I want to talk to a person."),
    Question("How do I cancel my appointment?", "Cancel my appointment, please."),
    Question("What is my account balance?"),
    Question("Do you deliver on Sundays?"),
    Question("How do I return an item?", "I'd like to return an item."),
    Question("Which documents do I need?"),
)
# Of hits, misses and errors in milliseconds: median of a log-normal distribution.
_MEDIAN_MS = {Outcome.EXACT: 2.0, Outcome.SEMANTIC: 6.0, Outcome.MISS: 640.0, Outcome.ERROR: 2_000.0}


def remove() -> int:
    """Delete all sample data. Return the number of requests that it stood for."""
    with transaction.atomic():
        rows = HourlyUsage.objects.filter(currency=SAMPLE_CURRENCY)
        requests = sum(rows.values_list("requests", flat=True))
        rows.delete()
        Call.objects.filter(currency=SAMPLE_CURRENCY).delete()
        EntryHits.objects.filter(currency=SAMPLE_CURRENCY).delete()
    return requests


def fill(days: int = DAYS, now: datetime | None = None) -> int:
    """Replace the sample data by that of the last `days` days. Return the number of requests that it stands for."""
    now = now or timezone.now()
    chance = random.Random(_SEED)  # noqa: S311 (invented figures)
    hours = list(_hours(chance, now, days))
    with transaction.atomic():
        remove()
        HourlyUsage.objects.bulk_create(hours, _BATCH)
        Call.objects.bulk_create(_calls(chance, now), _BATCH)
        EntryHits.objects.bulk_create(_entries(chance, now, days), _BATCH)
    return sum(row.requests for row in hours)


def _hours(chance: random.Random, now: datetime, days: int) -> Iterator[HourlyUsage]:
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    for back in range(days * 24, -1, -1):
        hour = this_hour - timedelta(hours=back)
        passed = now.minute / 60 if not back else 1
        # The cache fills and the bots' texts settle: from a quarter to more than half.
        hit_rate = 0.6 - 0.35 * math.exp(-(days - back / 24) / 8)
        for bot in BOTS:
            requests = round(bot.busiest * _activity(hour) * passed * chance.uniform(0.8, 1.2))
            yield from _rows(chance, bot, hour, requests, hit_rate * chance.uniform(0.9, 1.1))


def _activity(hour: datetime) -> float:
    """Return the share of the busiest hour, 0 to 1: mornings and afternoons of working days."""
    daily = math.exp(-(((hour.hour - 11) / 4.5) ** 2)) + 0.05
    return min(1.0, daily) * (0.45 if hour.weekday() >= 5 else 1.0)


def _rows(chance: random.Random, bot: Bot, hour: datetime, requests: int, hit_rate: float) -> Iterator[HourlyUsage]:
    hits, errors = round(requests * hit_rate), sum(chance.random() < 0.004 for _ in range(requests))
    semantic = 0 if bot.level == "quality" else round(hits * 0.18)
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
    spoken = {Outcome.EXACT: round(requests * min(0.9, hit_rate * 1.25)), Outcome.ERROR: 0}
    spoken[Outcome.MISS] = requests - spoken[Outcome.EXACT]
    for outcome, count in spoken.items():
        if count > 0:
            yield _row(chance, bot, "tts", outcome, hour, count)


def _row(chance: random.Random, bot: Bot, cache_type: str, outcome: Outcome, hour: datetime, count: int) -> HourlyUsage:
    provider, model = bot.chat if cache_type == "llm" else bot.speech
    usage = Usage()
    if outcome != Outcome.ERROR:
        usage = _usage(chance, cache_type, count)
    worth = _worth(provider, model, usage, hour)
    is_hit = outcome in (Outcome.EXACT, Outcome.SEMANTIC)
    durations = [chance.lognormvariate(math.log(_MEDIAN_MS[outcome] / 1000), 0.5) for _ in range(count)]
    buckets: dict[str, int] = {}
    for seconds in durations:
        name = HourlyUsage.bucket(seconds)
        buckets[name] = buckets.get(name, 0) + 1
    return HourlyUsage(
        hour=hour,
        cache_type=cache_type,
        outcome=outcome,
        level=bot.level,
        provider=provider,
        model=model,
        client=bot.client,
        currency=SAMPLE_CURRENCY,
        requests=count,
        cost=Decimal(0) if is_hit else worth,
        saved=worth if is_hit else Decimal(0),
        seconds=sum(durations),
        **dict(usage.items()),
        **buckets,
    )


def _usage(chance: random.Random, cache_type: str, count: int) -> Usage:
    if cache_type == "tts":
        return Usage(characters=round(count * chance.uniform(110, 170)))
    return Usage(
        input_tokens=round(count * chance.uniform(380, 520)), output_tokens=round(count * chance.uniform(45, 75))
    )


def _worth(provider: str, model: str, usage: Usage, moment: datetime) -> Decimal:
    """Return the list price of `usage` in US dollars, 0 if there is none."""
    cost = prices.cost(provider, model, usage)
    dollars = cost.to("USD") if cost else None
    return dollars.rounded().amount if dollars else Decimal(0)


def _calls(chance: random.Random, now: datetime) -> Iterator[Call]:
    """Yield single requests of the last day: misses, and semantic hits with the question that they matched."""
    for number in range(120):
        bot, question = chance.choice(BOTS[:2]), chance.choice(QUESTIONS)
        hit = bool(question.other_words) and number % 3 == 0
        usage = _usage(chance, "llm", 1)
        worth = _worth(*bot.chat, usage, now)
        outcome = Outcome.SEMANTIC if hit else Outcome.MISS
        yield Call(
            created=now - timedelta(seconds=chance.uniform(60, 86_000)),
            cache_type="llm",
            outcome=outcome,
            level=bot.level,
            provider=bot.chat[0],
            model=bot.chat[1],
            client=bot.client,
            currency=SAMPLE_CURRENCY,
            key=f"{KEY_PREFIX}{question.text}",
            question=question.other_words if hit else question.text,
            matched=question.text if hit else "",
            similarity=chance.uniform(0.86, 0.99) if hit else None,
            probability=chance.uniform(0.97, 0.999) if hit else None,
            reasons=["sample data"] if hit else [],
            seconds=chance.lognormvariate(math.log(_MEDIAN_MS[outcome] / 1000), 0.5),
            cost=Decimal(0) if hit else worth,
            saved=worth if hit else Decimal(0),
            **dict(usage.items()),
        )


def _entries(chance: random.Random, now: datetime, days: int) -> Iterator[EntryHits]:
    for back in range(days + 1):
        for rank, question in enumerate(QUESTIONS, start=1):
            hits = round(260 / rank * chance.uniform(0.7, 1.3))
            yield EntryHits(
                day=(now - timedelta(days=back)).date(),
                key=f"{KEY_PREFIX}{question.text}",
                currency=SAMPLE_CURRENCY,
                cache_type="llm",
                question=question.text,
                hits=hits,
                saved=_worth(*BOTS[1].chat, _usage(chance, "llm", hits), now),
            )
