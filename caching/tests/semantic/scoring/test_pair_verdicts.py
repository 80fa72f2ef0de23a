from __future__ import annotations

import pytest

from caching.semantic.indexes.base import Entry
from caching.semantic.scoring import pair_verdicts as module
from caching.semantic.scoring.pair_verdicts import Learned, pair_of
from caching.semantic.text.normalize import normalize
from caching.semantic.types import Candidate

ASKED, STORED = "how much money have i got", "What is my balance?"
PAIR = pair_of("s", ASKED, STORED)


def candidate(*vetoes: str, probability: float = 0.8, same: bool = False) -> Candidate:
    return Candidate(Entry("1", "s", STORED), normalize(STORED), 0.9, (), vetoes, (), probability, same)


def test_a_pair_is_of_one_scope_and_one_direction_and_of_any_spelling() -> None:
    assert pair_of("s", "um, how much money have I got?", "what is my balance please") == PAIR
    assert len({PAIR, pair_of("t", ASKED, STORED), pair_of("s", STORED, ASKED), pair_of("s", ASKED, ASKED)}) == 4


def test_without_a_judgement_nothing_changes() -> None:
    learned, found = Learned(), [candidate()]
    learned.hear(pair_of("s", "another question", STORED), False)
    assert learned.revise(ASKED, "s", found) == found
    assert learned.threshold("balanced", 0.94) == 0.94


def test_what_was_wrong_cannot_be_served() -> None:
    learned = Learned()
    learned.hear(PAIR, False)
    (revised,) = learned.revise(ASKED, "s", [candidate(same=True, probability=1.0)])
    assert (revised.probability, revised.same, revised.vetoes) == (0.0, False, ("judged_wrong",))


def test_what_was_right_is_certain_but_not_against_a_guard() -> None:
    learned = Learned()
    learned.hear(PAIR, True)
    (revised,) = learned.revise(ASKED, "s", [candidate()])
    assert revised.probability == 1.0
    (vetoed,) = learned.revise(ASKED, "s", [candidate("numbers", probability=0.0)])
    assert vetoed.probability == 0.0


def test_wrong_stands_until_someone_with_the_final_word_says_right() -> None:
    learned = Learned()
    learned.hear(PAIR, True)
    learned.hear(PAIR, False)
    learned.hear(PAIR, True)
    assert learned.verdict(PAIR) is False
    learned.hear(PAIR, True, final=True)
    assert learned.verdict(PAIR) is True


def test_the_oldest_pairs_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAIRS", 2)
    learned = Learned()
    for pair in ("a", "b", "b", "c"):
        learned.hear(pair, False)
    assert [learned.verdict(pair) for pair in "abc"] == [None, False, False]
