"""The pairs that docs/semantic.md gives as examples of hits are hits, in both directions."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from caching.semantic.embedders import get_embedder
from caching.semantic.evaluation import Pair, compare
from caching.semantic.explanation import unexplained
from caching.semantic.indexes import get_index
from caching.semantic.matcher import Matcher
from caching.semantic.text.analysis import analyse

pytest.importorskip("wordllama")
DOCUMENT = (settings.BASE_DIR / "docs" / "semantic.md").read_text(encoding="utf-8")
# Rows of whole questions; the others of the same table show parts of questions.
WHOLE = (
    "inflection, spelling", "synonym of the lexicon", "order of phrases", "property after its thing",
    "sentence that asks why, how or for help", "listed", "level", "means of payment",
)  # fmt: skip


def _pairs() -> list[tuple[str, str]]:
    foreign = DOCUMENT.partition("| | German | Spanish |")[2].partition("\n\n")[0]
    english = DOCUMENT.partition("| explained | example |")[2].partition("\n\n")[0]
    rows = [
        *foreign.splitlines(),
        *(row for row in english.splitlines() if row.startswith(tuple(f"| {x}" for x in WHOLE))),
    ]
    cells = [cell for row in rows for cell in re.split(r"[|;]", row)]
    return [(found[0], found[1]) for cell in cells if len(found := re.findall(r'"([^"]+)"', cell)) == 2]


PAIRS = _pairs()


def test_the_tables_are_found() -> None:
    assert len(PAIRS) >= 15


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_documented_pair_hits_at_balanced(one: str, other: str) -> None:
    embedder = get_embedder("wordllama")
    matcher = Matcher(embedder, get_index("numpy", embedder.dimensions))
    assert compare(matcher, [Pair(one, other, True), Pair(other, one, True)], "balanced").hits == 2


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("turn off the garage lights", "turn off the garage light"),
        ("Bloquea mi tarjeta", "Bloquea mis tarjetas"),
    ],
)
def test_a_pair_documented_as_a_miss_is_one(stored: str, asked: str) -> None:
    embedder = get_embedder("wordllama")
    matcher = Matcher(embedder, get_index("numpy", embedder.dimensions))
    assert compare(matcher, [Pair(asked, stored, True)], "balanced").hits == 0


_DIFFERENT = DOCUMENT.partition("| difference | example |")[2].partition("\n\n")[0]
# Whole questions; a part of one may be in no language, and differs for that alone.
DIFFERENT = [
    pair for pair in re.findall(r'"([^"]+)", "([^"]+)"(?=;| \|)', _DIFFERENT) if all(analyse(x).language for x in pair)
]


def test_the_table_of_differences_is_found() -> None:
    assert len(DIFFERENT) >= 8


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_is_documented_as_a_difference_is_not_explained(one: str, other: str) -> None:
    assert unexplained(analyse(one).reading, analyse(other).reading)
