"""The bots, questions and single requests of the sample data."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from caching.models import HITS, Call, Outcome
from caching.pricing import prices
from caching.pricing.list_prices import SAMPLE_CURRENCY
from caching.pricing.usage import Usage

CLIENT_PREFIX = "sample-"
KEY_PREFIX = "sample:"
# Requests of the last hour on the page of requests.
LATEST = 80
_LATEST_SECONDS = 3_500


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
    # Start of the answer, as it is spoken.
    answer: str = ""

    @property
    def key(self) -> str:
        return f"{KEY_PREFIX}{self.text}"


BOTS = (
    Bot("sample-ivr", "speed", 240, ("sarvam", "sarvam-105b"), ("sarvam", "bulbul:v3")),
    Bot("sample-web-chat", "balanced", 150, ("openai", "gpt-6.1-terra"), ("openai", "tts-1")),
    Bot("sample-clinic", "quality", 60, ("openai", "gpt-6.1-terra"), ("elevenlabs", "eleven_flash_v2_5")),
)
QUESTIONS = (
    Question("Where is my order?", "Can you tell me where my order is?", "Your order is on its way."),
    Question("What are your opening hours?", "When are you open?", "We are open from nine to six."),
    Question("How do I reset my password?", "I need to reset my password.", "Open the settings and choose Security."),
    Question("How long does delivery take?", answer="Delivery takes two to four days."),
    Question("Can I talk to a person?", "I want to talk to a person.", "Of course. Please hold the line."),
    Question("How do I cancel my appointment?", "Cancel my appointment, please.", "Which day is it on?"),
    Question("What is my account balance?", answer="For that I need your customer number."),
    Question("Do you deliver on Sundays?", answer="No, from Monday to Saturday."),
    Question("How do I return an item?", "I'd like to return an item.", "Print the label and bring the parcel to us."),
    Question("Which documents do I need?", answer="Your passport and proof of address."),
)
# Of hits, misses and errors in milliseconds: median of a log-normal distribution.
MEDIAN_MS = {Outcome.EXACT: 2.0, Outcome.SEMANTIC: 6.0, Outcome.MISS: 640.0, Outcome.ERROR: 2_000.0}


def usage(chance: random.Random, cache_type: str, count: int) -> Usage:
    if cache_type == "tts":
        return Usage(characters=round(count * chance.uniform(110, 170)))
    return Usage(
        input_tokens=round(count * chance.uniform(380, 520)), output_tokens=round(count * chance.uniform(45, 75))
    )


def worth(provider: str, model: str, usage: Usage) -> Decimal:
    """Return the list price of `usage` in US dollars, 0 if there is none."""
    cost = prices.cost(provider, model, usage)
    dollars = cost.to("USD") if cost else None
    return dollars.rounded().amount if dollars else Decimal(0)


def calls(chance: random.Random, now: datetime) -> Iterator[Call]:
    """Yield requests of the last day: misses, and semantic hits with the question that they matched."""
    for number in range(120):
        bot, question = chance.choice(BOTS[:2]), chance.choice(QUESTIONS)
        outcome = Outcome.SEMANTIC if question.other_words and number % 3 == 0 else Outcome.MISS
        units = usage(chance, "llm", 1)
        yield Call(
            created=now - timedelta(seconds=chance.uniform(60, 86_000)),
            cache_type="llm",
            outcome=outcome,
            currency=SAMPLE_CURRENCY,
            **_asked(chance, bot, question, outcome),
            **dict(units.items()),
            **amounts(outcome, worth(*bot.chat, units)),
        )


def latest(chance: random.Random, now: datetime) -> list[dict[str, Any]]:
    """Return requests of the last hour, oldest first, as `caching.ledger.recent` tells of them."""
    ages = sorted((chance.uniform(5, _LATEST_SECONDS) for _ in range(LATEST)), reverse=True)
    return [_told(chance, now - timedelta(seconds=age)) for age in ages]


def _told(chance: random.Random, moment: datetime) -> dict[str, Any]:
    [bot] = chance.choices(BOTS, [bot.busiest for bot in BOTS])
    question = chance.choice(QUESTIONS)
    is_speech = chance.random() < 0.4
    [outcome] = chance.choices([Outcome.EXACT, Outcome.SEMANTIC, Outcome.MISS], [45, 25, 30])
    if outcome == Outcome.SEMANTIC and (is_speech or not question.other_words or bot.level == "quality"):
        outcome = Outcome.EXACT
    cache_type = "tts" if is_speech else "llm"
    provider, model = bot.speech if is_speech else bot.chat
    asked = _asked(chance, bot, question, outcome)
    paid = amounts(outcome, worth(provider, model, usage(chance, cache_type, 1)))
    return {
        **asked,
        "at": round(moment.timestamp(), 3),
        "type": cache_type,
        "outcome": outcome.value,
        "provider": provider,
        "model": model,
        "question": question.answer if is_speech else asked["question"],
        "before_provider": chance.uniform(0.001, 0.003) if outcome == Outcome.MISS else None,
        **{name: [f"{amount:f}", SAMPLE_CURRENCY] for name, amount in paid.items()},
    }


def _asked(chance: random.Random, bot: Bot, question: Question, outcome: Outcome) -> dict[str, Any]:
    is_match = outcome == Outcome.SEMANTIC
    return {
        "level": bot.level,
        "provider": bot.chat[0],
        "model": bot.chat[1],
        "client": bot.client,
        "key": question.key,
        "question": question.other_words if is_match else question.text,
        "matched": question.text if is_match else "",
        "similarity": chance.uniform(0.86, 0.99) if is_match else None,
        "probability": chance.uniform(0.97, 0.999) if is_match else None,
        "reasons": ["sample data"] if is_match else [],
        "seconds": chance.lognormvariate(math.log(MEDIAN_MS[outcome] / 1000), 0.5),
    }


def amounts(outcome: Outcome, worth: Decimal) -> dict[str, Decimal]:
    is_hit = outcome in HITS
    return {"cost": Decimal(0) if is_hit else worth, "saved": worth if is_hit else Decimal(0)}
