from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from caching.semantic.scoring import calibration
from caching.semantic.scoring.calibration import Calibration
from caching.semantic.scoring.threshold import logit, sigmoid

RUNGS = (0.98, 0.95, 0.9, 0.8, 0.7)
CALIBRATION = Calibration(RUNGS)
NONE = [0] * len(RUNGS)
_reviews = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=len(RUNGS), max_size=len(RUNGS))


def wrong_shares(reviews: list[tuple[int, int]], confidence: float) -> list[float]:
    """`reviews`: right and wrong ones, by rung."""
    return CALIBRATION.wrong_shares([sum(each) for each in reviews], [wrong for _, wrong in reviews], confidence)


def test_without_reviews_the_prior_is_careful() -> None:
    shares = CALIBRATION.wrong_shares(NONE, NONE, 0.5)
    assert all(share > 1 - rung for share, rung in zip(shares, RUNGS, strict=True))


@given(_reviews, st.integers(0, len(RUNGS) - 1))
@settings(max_examples=50, deadline=None)
def test_less_probable_pairs_are_wrong_more_often_and_a_wrong_review_never_helps(
    reviews: list[tuple[int, int]], at: int
) -> None:
    shares, high = wrong_shares(reviews, 0.5), wrong_shares(reviews, 0.9)
    assert shares == sorted(shares)
    assert all(low <= bound for low, bound in zip(shares, high, strict=True))
    right, wrong = reviews[at]
    worse = [*reviews[:at], (right, wrong + 1), *reviews[at + 1 :]]
    assert all(before <= after for before, after in zip(shares, wrong_shares(worse, 0.5), strict=True))


def test_the_bound_holds_nine_times_in_ten_where_the_scope_is_as_the_prior_expects() -> None:
    random, held = Random(1), 0
    for _ in range(200):
        shift = random.gauss(calibration._MEAN, calibration._DEVIATION)
        true = [sigmoid(shift - calibration._SLOPE * logit(rung)) for rung in RUNGS]
        reviews = []
        for share in true:
            wrong = sum(random.random() < share for _ in range(8))
            reviews.append((8 - wrong, wrong))
        held += wrong_shares(reviews, 0.9)[0] >= true[0]
    assert 170 <= held <= 195
