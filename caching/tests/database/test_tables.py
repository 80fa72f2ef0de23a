from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator

import pytest

from caching.database import DatabaseUnavailable, tables, trouble
from caching.database.tables import Table, generation
from caching.llm import curated
from caching.models import CacheRule, CuratedAnswer
from caching.rules import engine
from speechsite.tests.support.waiting import wait_until


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table[int]]:
    """The only table, of which each read finds another value."""
    monkeypatch.setattr(tables, "_tables", weakref.WeakSet())
    reads = iter(range(1, 1000))
    yield Table(lambda _: next(reads), seconds=10)
    trouble._trials.stop()
    trouble.end()


def test_a_generation_lasts_until_a_table_is_read_again(table: Table[int], monkeypatch: pytest.MonkeyPatch) -> None:
    first = generation()
    assert (table.now(), generation()) == (1, first)
    # The moment from which on a value in use is read in the background.
    monkeypatch.setattr(tables, "_due", -math.inf)
    monkeypatch.setattr(table, "_seconds", 0.0)
    wait_until(lambda: generation() is not first)
    assert table.now() > 1


def test_a_table_that_is_forgotten_ends_the_generation(table: Table[int]) -> None:
    first = generation()
    table.forget()
    assert generation() is not first
    assert table.now() == 2


def test_each_generation_is_made_after_the_tables_that_it_stands_for(table: Table[int]) -> None:
    for value in range(1, 4):
        told = generation()
        assert table.now() == value
        assert generation() is told
        table.forget()


def test_a_generation_lasts_while_the_database_is_down(table: Table[int], monkeypatch: pytest.MonkeyPatch) -> None:
    first = generation()

    def unavailable(key: str) -> int:
        raise DatabaseUnavailable

    monkeypatch.setattr(table, "get", unavailable)
    monkeypatch.setattr(tables, "_due", -math.inf)
    assert generation() is first


@pytest.mark.django_db
def test_the_same_rules_read_again_end_no_generation() -> None:
    rule = CacheRule.objects.create(name="Off", never_store=True)
    first, book = generation(), engine.rule_book()
    engine._books._keep("", engine._books._read(""))
    assert (generation(), engine.rule_book()) == (first, book)
    CacheRule.objects.filter(pk=rule.pk).update(never_store=False)
    engine._books._keep("", engine._books._read(""))
    assert generation() is not first
    assert not engine.rule_book().rules[0].never_store


CHANGES: dict[str, Callable[[], object]] = {
    "rule": lambda: CacheRule.objects.create(name="Off", never_store=True),
    "curated answer": lambda: CuratedAnswer.objects.create(wordings="Who?", answer="We."),
    "rules": engine.forget,
    "answers": curated.forget,
}


@pytest.mark.django_db
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_table_of_staff_has_a_part_in_the_generation(change: Callable[[], object]) -> None:
    first = generation()
    assert generation() is first
    change()
    assert generation() is not first
