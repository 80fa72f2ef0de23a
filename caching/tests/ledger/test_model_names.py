from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from caching import ledger
from caching.ledger import Event, Usage
from caching.ledger.model_names import MAX_NAMES, OTHER, model_names
from caching.ledger.writer import writer
from caching.models import Call, HourlyUsage, Price
from caching.pricing import prices

pytestmark = pytest.mark.django_db
TOKENS = Usage(input_tokens=1)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    model_names.forget()
    Price.objects.create(provider="acme", model="listed", unit="input_tokens", amount=1, per=1, source="a test")
    prices.forget()
    yield
    model_names.forget()


def record(model: str, outcome: Any = "miss", usage: Usage | None = TOKENS) -> None:
    ledger.record(Event("llm", outcome, usage, provider="acme", model=model, client="bot"))
    writer.flush()


def names() -> set[str]:
    return set(HourlyUsage.objects.values_list("model", flat=True))


@pytest.mark.parametrize(("outcome", "usage"), [("error", Usage()), ("error", TOKENS), ("miss", Usage())])
def test_invented_names_that_no_provider_answered_share_a_row(outcome: Any, usage: Usage) -> None:
    for number in range(20):
        record(f"invented {number}", outcome, usage)
    assert names() == {OTHER}
    assert sum(HourlyUsage.objects.values_list("requests", flat=True)) == 20
    if usage == TOKENS:
        assert Call.objects.filter(model="invented 7").exists(), "a single call keeps the name, and is deleted in time"


@pytest.mark.parametrize("usage", [TOKENS, None])
def test_an_answered_model_has_its_own_row_its_errors_too(usage: Usage | None) -> None:
    record("real", usage=usage)
    record("real", "error", Usage())
    record("listed", "error", Usage())
    record("", "error", Usage())
    assert names() == {"real", "listed", ""}


def test_names_that_a_provider_takes_are_bounded() -> None:
    for number in range(MAX_NAMES + 20):
        record(f"taken {number}")
    record("listed")
    assert len(names()) == MAX_NAMES + 2 and {OTHER, "listed"} <= names()
