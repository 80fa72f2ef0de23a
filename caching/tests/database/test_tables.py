from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import pytest
from django.db import OperationalError

from caching.database import tables, trouble
from caching.database.tables import Table, generation
from caching.llm import curated
from caching.models import CacheRule, CuratedAnswer
from caching.rules import engine
from speechsite.tests.support.waiting import wait_until


class Rows:
    """Each read finds another value, while they can be read."""

    down = False
    reads = 0

    def read(self, last: int | None) -> int:
        if self.down:
            raise OperationalError("connection refused")
        self.reads += 1
        return self.reads


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, rows: Rows) -> Iterator[Table[int]]:
    """The only table."""
    monkeypatch.setattr(tables, "_tables", weakref.WeakSet())
    yield Table(rows.read, seconds=10)
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


def test_a_generation_lasts_while_the_database_is_down(
    table: Table[int], rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = generation()
    rows.down = True
    monkeypatch.setattr(tables, "_due", -math.inf)
    monkeypatch.setattr(table, "_seconds", 0.0)
    assert generation() is first
    wait_until(lambda: trouble.seconds is not None)
    assert (generation(), table.now()) == (first, 1)


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


CHANGES: dict[Table[Any], list[Callable[[], object]]] = {
    engine._books: [lambda: CacheRule.objects.create(name="Off", never_store=True), engine.forget],
    curated._books: [lambda: CuratedAnswer.objects.create(wordings="Who?", answer="We."), curated.forget],
}


@pytest.mark.django_db
def test_every_table_of_staff_has_a_part_in_the_generation() -> None:
    assert CHANGES.keys() == set(tables._tables)
    for change in chain.from_iterable(CHANGES.values()):
        first = generation()
        assert generation() is first
        change()
        assert generation() is not first
