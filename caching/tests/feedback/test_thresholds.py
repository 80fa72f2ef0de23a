from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from caching.feedback import thresholds, verdicts
from caching.feedback.verdicts import Use
from caching.models import BarChange, HourlyUsage, Judge, Judgement, Verdict
from caching.semantic.scoring.model import packaged_model
from caching.semantic.scoring.pair_verdicts import learned

pytestmark = pytest.mark.django_db


def judged(count: int, wrong: int, level: str = "balanced", judge: Judge = Judge.MODEL, **fields: Any) -> None:
    begun = Judgement.objects.count()
    Judgement.objects.bulk_create(
        Judgement(
            match=f"{begun + number:016x}",
            judge=judge,
            level=level,
            verdict=Verdict.WRONG if number < wrong else Verdict.RIGHT,
            **fields,
        )
        for number in range(count)
    )


def asked(outcome: str, requests: int, level: str = "balanced", **fields: Any) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    about = {"hour": hour, "cache_type": "llm", "level": level, "outcome": outcome, "requests": requests}
    HourlyUsage.objects.create(**{**about, **fields})


@pytest.fixture(autouse=True)
def traffic() -> None:
    """One question in five is answered with the answer to another one."""
    asked("semantic", 200)
    asked("miss", 800)
    asked("exact", 5000)


def test_an_error_above_the_limit_raises_the_threshold_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    judged(200, wrong=60)
    with caplog.at_level(logging.WARNING, "caching"):
        change = thresholds.adjust("balanced")
    packaged = packaged_model().thresholds["balanced"]
    assert change is not None and change.steps == 1 and change.bar > packaged
    assert thresholds.standing()["balanced"] == change.bar
    assert change.reason.startswith("60 of 200 reviewed answers were wrong: 4.8")
    assert "above the limit of 1" in change.reason and change.reason in caplog.text


def test_much_evidence_below_the_limit_lowers_it_but_not_far() -> None:
    for _ in range(5):
        judged(1000, wrong=0)
        thresholds.adjust("balanced")
    assert thresholds.steps() == {"balanced": -2}
    assert [change.steps for change in BarChange.objects.order_by("number")] == [-1, -2]


def test_what_was_judged_before_a_change_does_not_count_again() -> None:
    judged(200, wrong=60)
    assert thresholds.adjust("balanced")
    assert thresholds.adjust("balanced") is None
    judged(4, wrong=4)
    assert thresholds.adjust("balanced") is None
    judged(1, wrong=1)
    assert thresholds.adjust("balanced")


def test_only_the_random_sample_counts() -> None:
    for judge in (Judge.CLIENT, Judge.STAFF, Judge.PROMOTION):
        judged(200, wrong=200, judge=judge)
    assert thresholds.adjust("balanced") is None


def test_questions_answered_exactly_and_other_levels_do_not_count() -> None:
    judged(50, wrong=5)
    asked("semantic", 1, "speed")
    found = thresholds.measure()
    assert (found["balanced"].judged, found["balanced"].wrong, found["balanced"].share) == (50, 5, 0.2)
    assert (found["speed"].judged, found["speed"].share) == (0, 1.0)


def test_shadow_hits_are_measured_as_if_they_had_been_given() -> None:
    HourlyUsage.objects.all().delete()
    asked("shadow", 30)
    asked("miss", 100)
    assert thresholds.measure()["balanced"].share == 0.3


def test_it_is_measured_by_period_and_client() -> None:
    judged(3, wrong=1, client="bot", created=timezone.now() - timedelta(days=3))
    judged(4, wrong=2, client="other")
    week, day = (timezone.now() - timedelta(days=days) for days in (7, 1))
    assert [thresholds.measure(start)["balanced"].judged for start in (week, day)] == [7, 4]
    assert thresholds.measure(week, client="bot")["balanced"].wrong == 1


def test_of_two_workers_that_see_the_same_only_one_moves_the_threshold() -> None:
    judged(200, wrong=60)
    seen = thresholds._since(None, "balanced")
    first, second = thresholds._move(seen, 1, 1), thresholds._move(seen, 1, 1)
    assert first is not None and second is None
    assert thresholds.steps() == {"balanced": 1}


def test_the_review_that_tips_the_scales_moves_the_threshold_of_this_process_at_once(redis_client: redis.Redis) -> None:
    judged(200, wrong=60)
    verdicts.give(Use("f" * 16, "llm:exact:1", level="balanced"), Judge.MODEL, Verdict.WRONG)
    assert learned.steps == {"balanced": 1}
