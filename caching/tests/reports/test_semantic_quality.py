from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from caching.feedback import thresholds
from caching.models import HourlyUsage, Judge, Judgement, Outcome, Verdict
from caching.reports.aggregates import EVERYTHING
from caching.reports.period import Period
from caching.reports.semantic_quality import correctness
from caching.semantic.scoring.threshold import LevelEvidence
from speechsite.tests.support.databases import on_database

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("served", [Outcome.SEMANTIC, Outcome.SHADOW])
def test_the_page_and_the_thresholds_measure_the_same(served: Outcome, database_url: str) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    with on_database(database_url):
        for number, (outcome, level) in enumerate((each, level) for each in Outcome for level in ("balanced", "speed")):
            if outcome not in (Outcome.SEMANTIC, Outcome.SHADOW) or outcome == served:
                HourlyUsage.objects.create(
                    hour=hour, cache_type="llm", level=level, outcome=outcome, requests=100 + number
                )
        HourlyUsage.objects.create(hour=hour, cache_type="tts", level="speed", outcome=Outcome.MISS, requests=1)
        for number, (judge, verdict) in enumerate((judge, verdict) for judge in Judge for verdict in Verdict):
            for each in range(number + 1):
                Judgement.objects.create(match=f"{number}-{each}", judge=judge, verdict=verdict, level="balanced")
        period = Period(hour - timedelta(days=1), timezone.now())
        shown = {row.evidence.level: row.evidence for row in correctness(period, EVERYTHING).levels}
        measured = thresholds.measure(period.start, period.end)
        rights, wrongs = (
            Judgement.objects.filter(judge=Judge.MODEL, verdict=verdict).count() for verdict in ("right", "wrong")
        )
        asked = {
            level: {row.outcome: row.requests for row in HourlyUsage.objects.filter(level=level, cache_type="llm")}
            for level in ("balanced", "speed")
        }
    assert shown == measured
    for level, reviews in (("balanced", (rights + wrongs, wrongs)), ("speed", (0, 0))):
        counts = asked[level]
        # A hit in shadow mode is among the misses too.
        questions = counts[Outcome.MISS] + counts.get(Outcome.SEMANTIC, 0)
        assert measured[level] == LevelEvidence(level, *reviews, counts[served], questions)
