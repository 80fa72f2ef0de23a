from __future__ import annotations

from itertools import accumulate
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from caching.semantic.scoring import calibration
from caching.semantic.scoring.calibration import Calibration
from caching.semantic.scoring.threshold import logit, sigmoid

EXPECTED = -0.65
RUNGS = (0.98, 0.95, 0.9, 0.8, 0.7)
CALIBRATION = Calibration(RUNGS, EXPECTED)
SEEN = [1] * len(RUNGS)
NONE = [0] * len(RUNGS)
_reviews = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=len(RUNGS), max_size=len(RUNGS))


def wrong_from_each_rung(reviews: list[tuple[int, int]], confidence: float) -> list[float]:
    """`reviews`: right and wrong ones, by rung."""
    judged, wrong = [sum(each) for each in reviews], [wrong for _, wrong in reviews]
    return CALIBRATION.wrong_from_each_rung(SEEN, judged, wrong, [confidence])[0]


def test_without_reviews_the_prior_is_careful() -> None:
    numbers = CALIBRATION.wrong_from_each_rung(SEEN, NONE, NONE, [0.5])[0]
    expected = accumulate(1 - rung for rung in RUNGS)
    assert all(number > wrong for number, wrong in zip(numbers, expected, strict=True))


@given(_reviews, st.integers(0, len(RUNGS) - 1))
@settings(max_examples=50, deadline=None)
def test_lower_thresholds_answer_more_wrongly_and_a_wrong_review_of_all_rungs_hardly_helps(
    reviews: list[tuple[int, int]], at: int
) -> None:
    numbers, high = wrong_from_each_rung(reviews, 0.5), wrong_from_each_rung(reviews, 0.9)
    assert numbers == sorted(numbers)
    assert all(low <= bound for low, bound in zip(numbers, high, strict=True))
    worse = [(right, wrong + 1) for right, wrong in reviews]
    assert wrong_from_each_rung(worse, 0.5)[at] >= numbers[at] - 0.1


def test_reviews_of_doubtful_pairs_do_not_vouch_for_sure_ones() -> None:
    """Where few doubtful pairs are wrong, the sure ones need not be better: the slope may be low."""
    unknown = [(0, 0)] * (len(RUNGS) - 1)
    low = wrong_from_each_rung([*unknown, (40, 15)], 0.9)[0]
    both = wrong_from_each_rung([(40, 1), *unknown[1:], (40, 15)], 0.9)[0]
    assert low > both


def test_the_bound_holds_nine_times_in_ten_where_the_scope_is_as_the_prior_expects() -> None:
    random, held = Random(1), 0
    for _ in range(200):
        shift = random.gauss(EXPECTED, calibration._DEVIATION)
        slope = random.choice(calibration._SLOPES)
        true = [sigmoid(shift - slope * (logit(rung) - logit(calibration.MIDDLE))) for rung in RUNGS]
        reviews = []
        for share in true:
            wrong = sum(random.random() < share for _ in range(8))
            reviews.append((8 - wrong, wrong))
        held += wrong_from_each_rung(reviews, 0.9)[-1] >= sum(true)
    assert 170 <= held <= 195
