from __future__ import annotations

import pytest

from caching.semantic.scoring import threshold
from caching.semantic.scoring.threshold import MAX_STEPS, MIN_STEPS, TO_RELAX, TO_TIGHTEN, LevelEvidence, advise, wilson


@pytest.mark.parametrize(
    ("wrong", "judged", "low", "high"),
    # By hand from the formula; the first is also in Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (1, 1, 0.2065, 1.0), (29, 29, 0.8830, 1.0)],
)
def test_the_interval_is_wilsons(wrong: int, judged: int, low: float, high: float) -> None:
    found = wilson(wrong, judged)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_wrong_per_question_counts_the_questions_that_were_not_answered_too() -> None:
    evidence = LevelEvidence("balanced", judged=100, wrong=10, answered=200, asked=1000)
    assert evidence.per_hit is not None and evidence.per_question is not None
    assert evidence.share == 0.2
    assert evidence.per_question.low == pytest.approx(evidence.per_hit.low * 0.2)
    assert evidence.per_question.high == pytest.approx(evidence.per_hit.high * 0.2)


def test_what_was_never_judged_or_asked_has_no_error() -> None:
    assert LevelEvidence("balanced", answered=5, asked=9).per_hit is None
    assert LevelEvidence("balanced", judged=5, wrong=5).per_question is None


@pytest.mark.parametrize(
    ("judged", "wrong", "steps", "advised"),
    [
        (200, 60, 0, 1),  # 4.8 to 7.3 per 100 questions
        (200, 60, MAX_STEPS, 0),
        (TO_TIGHTEN - 1, TO_TIGHTEN - 1, 0, 0),
        (TO_TIGHTEN, TO_TIGHTEN, 0, 1),
        (200, 10, 0, 0),  # 0.5 to 1.8: nobody knows
        (1000, 10, 0, -1),  # 0.11 to 0.37
        (1000, 10, MIN_STEPS, 0),
        (1000, 10, MAX_STEPS, -1),
        (TO_RELAX - 1, 0, 0, 0),
        (TO_RELAX, 0, 0, -1),
    ],
)
def test_the_threshold_moves_only_where_the_whole_interval_says_so(
    judged: int, wrong: int, steps: int, advised: int
) -> None:
    assert advise(LevelEvidence("balanced", judged, wrong, answered=200, asked=1000), steps) == advised


def test_the_limit_is_that_of_the_level() -> None:
    evidence = {"judged": 400, "wrong": 40, "answered": 200, "asked": 1000}  # 1.5 to 2.7 per 100 questions
    assert [advise(LevelEvidence(level, **evidence), 0) for level in ("quality", "balanced", "speed")] == [0, 1, -1]


def test_a_threshold_stays_a_probability_however_far_it_moves() -> None:
    thresholds = [threshold.moved(0.94, steps) for steps in range(MIN_STEPS, MAX_STEPS + 1)]
    assert thresholds == sorted(set(thresholds)) and thresholds[0] > 0.85 and thresholds[-1] < 1
    assert threshold.moved(0.94, 0) == 0.94
