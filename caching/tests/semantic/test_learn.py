from __future__ import annotations

import pytest

from caching.semantic.learn import Workload
from caching.semantic.scoring.idf import Idf


def test_without_judgements_the_bar_stays_and_features_keep_their_weight() -> None:
    workload = Workload(0.01, 0.94)
    assert workload.bar == 0.94
    assert workload.corrected(0.8, {"feature:cosine": 1.0, "word:here": 1.0}) == pytest.approx(0.8)


def test_neighbours_count_before_any_judgement() -> None:
    workload = Workload(0.01, 0.94)
    assert workload.corrected(0.8, {"members": 2.0}) > 0.8 > workload.corrected(0.8, {"against": 0.9})


def test_wrong_answers_lower_the_probability_of_their_signals() -> None:
    workload = Workload(0.01, 0.94)
    for _ in range(50):
        workload.judged(0.9, {"bias": 1.0, "word:here": 1.0}, right=False)
        workload.judged(0.9, {"bias": 1.0}, right=True)
    with_word = workload.corrected(0.9, {"bias": 1.0, "word:here": 1.0})
    assert with_word < 0.5 < workload.corrected(0.9, {})


def test_the_bar_rises_when_answers_are_wrong_and_falls_when_they_are_right() -> None:
    bars = []
    for right in (True, False):
        workload = Workload(0.01, 0.94)
        for at in range(1000):
            probability = 0.6 + (at % 40) / 100
            workload.asked(probability)
            workload.judged(probability, {}, right)
        bars.append(workload.bar)
    assert bars[0] < 0.94 < bars[1]


def test_words_of_the_traffic_lose_weight() -> None:
    idf = Idf({"the": 90, "alarm": 5}, 100)
    assert idf.weight("the") < idf.weight("alarm") < idf.weight("zebra") == 1.0
    before = idf.weight("alarm")
    for _ in range(100):
        idf.learn(["set", "alarm"])
    assert idf.weight("alarm") < before


def test_weights_lie_between_0_and_1() -> None:
    idf = Idf({"counted twice": 200, "the": 100}, 100)
    assert idf.weight("counted twice") == 0.0
    assert 0.0 < idf.weight("the") < 0.01
    assert idf.weight("zebra") == 1.0


def test_words_that_came_often_leave_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caching.semantic.scoring.idf._MAX_WORDS", 100)
    idf = Idf()
    for number in range(100):
        for _ in range(2):
            idf.learn(["alarm", f"word{number}"])
    for _ in range(5):
        idf.learn(["zebra"])
    assert len(idf.counts) <= 100
    assert (idf.counts["alarm"], idf.counts["zebra"]) == (200, 5)
