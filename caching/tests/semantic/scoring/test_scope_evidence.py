from __future__ import annotations

import pytest

from caching.semantic.scoring.scope_evidence import EXPLAINED, NEW, RUNGS, ScopeCounts, ScopeEvidence, place_of

LIMIT = 0.01


def evidence(*, asked: int = 1000, near: int = 100, right: int = 0, wrong: int = 0, place: int = 1) -> ScopeEvidence:
    """`near` questions came near a stored one, at one rung."""
    found = ScopeEvidence(asked)
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


def threshold(found: ScopeEvidence) -> float:
    return found.standing().thresholds["balanced"]


def test_a_new_scope_serves_nothing_that_is_not_explained() -> None:
    assert threshold(ScopeEvidence()) == NEW.threshold("balanced") == 1.0


def test_a_few_right_answers_loosen_nothing() -> None:
    assert threshold(evidence(right=4)) == threshold(evidence(near=500, right=20)) == 1.0


def test_enough_right_answers_loosen_as_far_as_they_reach() -> None:
    found = evidence(right=40)
    assert threshold(found) == RUNGS[-1], "no question came below, so none is served wrongly there"
    found.seen[6] = 300
    assert threshold(found) == RUNGS[4]


def test_reviews_of_near_misses_tell_of_those_that_are_served() -> None:
    few, more = evidence(near=300, right=5), evidence(near=300, right=5)
    for _ in range(60):
        more.review(4, wrong=False)
    assert threshold(more) < threshold(few) == 1.0


def test_wrong_answers_tighten_again() -> None:
    found = evidence(right=30)
    assert threshold(found) < 1.0
    for _ in range(2):
        found.review(1, wrong=True)
    assert threshold(found) == 1.0


def test_pairs_that_are_often_wrong_are_not_served_however_much_the_limit_has_left() -> None:
    found = evidence(asked=100_000, near=100, right=14, wrong=6)
    assert found.standing().thresholds == {"balanced": 1.0, "speed": RUNGS[-1]}
    found = evidence(asked=100_000, near=100, right=60, wrong=40, place=9)
    found.seen[1] = 100
    assert RUNGS[7] <= threshold(found) < 1.0, "those that are right are served"
    found = evidence(asked=100_000, near=100, right=6, wrong=24)
    assert found.standing().threshold("speed", 0.9) == 1.0


def test_wrong_explained_answers_leave_less_for_the_others() -> None:
    found = evidence(right=40)
    found.seen[EXPLAINED] = 300
    for _ in range(10):
        found.review(EXPLAINED, wrong=True)
    assert threshold(found) == 1.0


def test_explained_pairs_without_reviews_leave_less_than_right_ones() -> None:
    found = evidence(right=40)
    found.seen[EXPLAINED] = 150
    assert threshold(found) == 1.0
    for _ in range(75):
        found.review(EXPLAINED, wrong=False)
    assert threshold(found) < 1.0


def test_reviews_without_their_questions_loosen_nothing() -> None:
    """Another process counted the questions."""
    assert threshold(evidence(asked=0, near=0, right=5)) == 1.0


def test_a_question_that_is_added_after_its_review_counts_once() -> None:
    late, early = ScopeEvidence(), ScopeEvidence()
    seen = [0, 6, *[0] * (len(RUNGS) - 1)]
    early.add(100, seen)
    for each in (late, early):
        for _ in range(6):
            each.review(1, wrong=False)
    assert late.standing().asked == 6
    late.add(100, seen)
    assert late == early


def test_the_default_is_raised_where_pairs_are_wrong_and_lowered_where_they_are_right() -> None:
    few = evidence(right=2, wrong=2).standing()
    bad, good = evidence(right=5, wrong=5).standing(), evidence(right=40).standing()
    assert few.threshold("balanced", 0.8) == 0.8
    assert bad.threshold("balanced", 0.8) == 1.0
    assert good.threshold("balanced", 0.8) < 0.8


def test_pairs_are_reviewed_within_5_in_100_questions_and_where_they_are_of_use() -> None:
    found = evidence(asked=1000, right=46).standing()
    assert found.wants_review(EXPLAINED, "balanced", 0)
    found = evidence(asked=1000, right=47).standing()
    assert not found.wants_review(1, "balanced", 0)
    assert found.wants_review(1, "balanced", 100)
    assert NEW.wants_review(1, "balanced", 1)
    assert not NEW.wants_review(5, "balanced", 1)
    assert not NEW.wants_review(None, "balanced", 1)


@pytest.mark.parametrize(("frequent", "rare"), [(EXPLAINED, 1), (1, EXPLAINED)])
def test_each_kind_of_pairs_is_sure_of_a_quarter_of_the_reviews(frequent: int, rare: int) -> None:
    found = reviewed(frequent, evidence(asked=1000, near=500, place=rare))
    assert found.judged[frequent] == 35
    assert reviewed(rare, found).judged[rare] == 12


@pytest.mark.parametrize(("frequent", "rare"), [(EXPLAINED, 1), (1, EXPLAINED)])
def test_what_a_kind_has_no_pairs_for_is_the_others(frequent: int, rare: int) -> None:
    found = reviewed(frequent, evidence(asked=1000, near=4, place=rare))
    assert found.judged[frequent] == 43
    assert reviewed(rare, found).judged[rare] == 4


def reviewed(place: int, found: ScopeEvidence) -> ScopeEvidence:
    """Review pairs of one place as long as reviews of them are wanted."""
    while found.standing().wants_review(place, "balanced", 0):
        found.review(place, wrong=False)
    return found


def test_no_scope_has_more_than_5_reviews_in_100_questions() -> None:
    for asked in (20, 100, 1000):
        found = ScopeEvidence(asked)
        while found.standing().has_room(0):
            found.review(EXPLAINED, wrong=False)
        assert sum(found.judged) == asked // 20


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
