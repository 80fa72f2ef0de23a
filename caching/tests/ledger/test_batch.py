from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from caching.ledger.batch import Batch
from caching.ledger.events import Event, ExactHit, price
from caching.ledger.writer import Writer
from caching.models import HourlyUsage
from caching.pricing.usage import Usage
from speechsite.tests.support.databases import run_python

ODD = """
from decimal import Decimal
from django.db import transaction
from caching import ledger
from caching.ledger import Event, Usage, writer
from caching.models import Call, HourlyUsage, Price
from caching.pricing import prices
Price.objects.create(provider="acme", model="*", unit="characters", amount=1, per=1, source="a test")
prices.forget()
good = Event("llm", "miss", Usage(characters=1), provider="acme", model="m", client="good")
odd = (
    {"usage": Usage(characters=2**63)},
    {"usage": Usage(input_tokens=2**53)},
    {"usage": Usage(audio_seconds=Decimal("Infinity"))},
    {"usage": Usage(audio_seconds=Decimal("NaN"))},
    {"usage": Usage(audio_seconds=10**12)},
    {"usage": Usage(characters=10**9)},
    {"seconds": float("nan")},
    {"seconds": float("inf")},
    {"similarity": float("nan")},
    {"model": "\\0" * 300},
    {"key": "k" * 10000, "question": "q" * 10000},
    {"match": "m" * 10000},
)
from dataclasses import replace
for fields in odd:
    for one in (good, replace(good, client="odd", **fields), good):
        ledger.record(one)
assert writer.writer.flush()
# On PostgreSQL a row that is refused outside a savepoint ends the transaction.
for fields in odd:
    with transaction.atomic():
        ledger.record(replace(good, client="odd", **fields))
        ledger.record(good)
assert len(writer.writer._pending) == 0
booked = HourlyUsage.objects.get(client="good")
print(booked.requests, booked.cost, Call.objects.filter(client="good").count())
"""


def test_no_odd_figure_loses_bookings_of_others(database_url: str) -> None:
    assert run_python(ODD, database_url).split() == ["36", "36.000000000", "36"]


def _row(client: str) -> dict[str, Any]:
    return dict.fromkeys(HourlyUsage.KEY, "") | {"client": client, "requests": 1}


HIT = ExactHit("llm", Usage(characters=1), "speed", "demo", "m", "one", "llm:exact:a", "What?", (), listed=True)
OTHERS: dict[str, Any] = {
    "cache_type": "tts",
    "usage": Usage(characters=2),
    "level": "balanced",
    "provider": "openai",
    "model": "n",
    "client": "two",
    "key": "llm:exact:b",
    "question": "Who?",
    "reasons": ("cache rule: a",),
    "listed": False,
}


@pytest.mark.django_db
def test_equal_hits_add_up_and_what_differs_in_one_field_does_not() -> None:
    writer = Writer()
    hits = [HIT, *(HIT._replace(**{name: value}) for name, value in OTHERS.items())]
    assert OTHERS.keys() == set(HIT._fields)
    for hit in hits * 2:
        assert writer.hit(hit, 0.002).event == writer.hit(hit, 0.3).event == hit.event(0.002)
    assert len(writer._pending) == len(hits)
    batch = Batch()
    batch.merge(writer._pending)
    rows = batch.hours.rows.values()
    assert sum(row["requests"] for row in rows) == sum(row["under_5_ms"] + row["under_500_ms"] for row in rows) == 44


# Fields of an Event that an exact hit has no use for, and its duration, which is added up.
NOT_OF_HITS = {
    *("outcome", "seconds", "served", "overhead", "matched", "similarity", "probability", "match", "pair"),
    *("code", "message", "before_provider", "scope"),
}


def test_every_field_of_an_event_is_one_of_an_exact_hit_or_known_to_be_none() -> None:
    assert {field.name for field in fields(Event)} == {*ExactHit._fields, *NOT_OF_HITS}
    assert not NOT_OF_HITS & {*ExactHit._fields}


@pytest.mark.django_db
def test_a_hit_whose_price_comes_in_the_next_hour_is_none_of_the_hits_of_that_hour() -> None:
    batch, now = Batch(), timezone.now()
    batch.begin_tally(HIT, price(HIT.event(0.1), now - timedelta(hours=1))).add(0.1)
    assert batch.hits_like(HIT) is None
    batch.begin_tally(HIT, price(HIT.event(0.1), now)).add(0.1)
    assert batch.hits_like(HIT)
    merged = Batch()
    merged.merge(batch)
    assert [row["requests"] for row in merged.hours.rows.values()] == [1, 1]


def test_what_is_not_written_while_the_database_goes_away_stays_in_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = Batch()
    for number in range(5):
        batch.hours.add(_row(client=str(number)))
    written: list[str] = []

    def write(self: Batch) -> None:
        names = [row["client"] for row in self.hours.rows.values()]
        if len(names) > 1:
            raise OverflowError
        if len(written) == 2:
            raise OperationalError("gone")
        written.extend(names)

    monkeypatch.setattr(Batch, "_write", write)
    with pytest.raises(OperationalError):
        batch.write()
    assert written == ["0", "1"]
    assert [row["client"] for row in batch.hours.rows.values()] == ["2", "3", "4"]
