"""Several processes judge at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import redis
from django.utils import timezone

from caching.feedback.sync import VerdictSync
from caching.models import BarChange, HourlyUsage, Judgement
from caching.semantic.scoring.pair_verdicts import learned
from speechsite.tests.support.databases import on_database, start_python

JUDGE = """
from caching.feedback import verdicts
from caching.models import Judge, Verdict
for number in range(20):
    use = verdicts.Use(f"{number:016x}", "llm:exact:1", f"{number:024x}", "balanced")
    verdicts.give(use, Judge.MODEL, Verdict.WRONG, "no \\u0000 \\ud800 way")
"""


def test_each_verdict_counts_once_and_each_change_is_made_once(database_url: str, redis_client: redis.Redis) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    with on_database(database_url):
        for outcome in ("semantic", "miss"):
            HourlyUsage.objects.create(hour=hour, cache_type="llm", level="balanced", outcome=outcome, requests=100)
    processes = [start_python(JUDGE, database_url) for _ in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    with on_database(database_url):
        assert VerdictSync().load()
        assert Judgement.objects.count() == 20
        changes = list(BarChange.objects.order_by("pk").values_list("number", "steps"))
    # Five judgements make a step, and then the count begins anew.
    assert 1 <= len(changes) <= 4
    assert changes == [(number, number) for number in range(1, len(changes) + 1)]
    assert learned.steps == {"balanced": len(changes)}
    assert [learned.verdict(f"{number:024x}") for number in range(20)] == [False] * 20
