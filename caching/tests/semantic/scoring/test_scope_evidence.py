from __future__ import annotations

from caching.semantic.scoring.scope_evidence import EXPLAINED, NEW, RUNGS, Evidence, ScopeCounts, place_of

LIMIT = 0.01


def evidence(*, asked: int = 1000, near: int = 100, right: int = 0, wrong: int = 0, place: int = 1) -> Evidence:
    """`near` questions came near a stored one, at one rung."""
    found = Evidence(asked)
    found.seen[place] = near
    for _ in range(right):
        found.review(place, wrong=False)
    for _ in range(wrong):
        found.review(place, wrong=True)
    return found


def test_the_place_of_a_pair_is_the_first_rung_that_it_reaches() -> None:
    assert place_of(0.5, explained=True) == EXPLAINED
    assert [place_of(rung, explained=False) for rung in RUNGS] == list(range(1, len(RUNGS) + 1))
    assert place_of(0.999, explained=False) == 1
    assert place_of(RUNGS[-1] - 0.001, explained=False) is None


def test_a_new_scope_serves_nothing_that_is_not_explained() -> None:
    assert Evidence().threshold(LIMIT) == NEW.threshold("balanced") == 1.0


def test_a_few_right_answers_loosen_nothing() -> None:
    assert evidence(right=9).threshold(LIMIT) == 1.0


def test_enough_right_answers_loosen_as_far_as_they_reach() -> None:
    found = evidence(right=40)
    assert found.threshold(LIMIT) == RUNGS[-1], "no question came below, so none is served wrongly there"
    found.seen[4] = 300
    assert found.threshold(LIMIT) == RUNGS[2]


def test_one_wrong_answer_tightens_again() -> None:
    found = evidence(right=30)
    assert found.threshold(LIMIT) < 1.0
    found.review(1, wrong=True)
    assert found.threshold(LIMIT) == 1.0


def test_wrong_explained_answers_leave_less_for_the_others() -> None:
    found = evidence(right=40)
    found.seen[EXPLAINED] = 300
    for _ in range(10):
        found.review(EXPLAINED, wrong=True)
    assert found.threshold(LIMIT) == 1.0


def test_a_scope_whose_pairs_were_wrong_loses_what_scopes_without_reviews_may_do() -> None:
    bad, good = evidence(right=5, wrong=5).standing(), evidence(right=40).standing()
    assert bad.threshold("balanced", 0.8) == 1.0
    assert good.threshold("balanced", 0.8) <= 0.8


def test_near_misses_are_reviewed_within_5_in_100_questions_and_where_they_are_of_use() -> None:
    found = evidence(asked=1000, right=45).standing()
    assert not found.wants_review(1, "balanced", 0)
    assert found.wants_review(1, "balanced", 100)
    assert NEW.wants_review(1, "balanced", 1)
    assert not NEW.wants_review(5, "balanced", 1)
    assert not NEW.wants_review(None, "balanced", 1)


def test_counts_are_taken_once_and_scopes_beyond_the_limit_dropped() -> None:
    counts = ScopeCounts()
    counts.count("a", 1)
    counts.count("a", None)
    asked, seen = counts.take("a")
    assert (asked, seen[1], sum(seen)) == (2, 1, 1)
    assert counts.take("a")[0] == 0
    for number in range(10_001):
        counts.count(str(number), None)
    assert counts.asked("0") == 0 and counts.asked("10000") == 1
