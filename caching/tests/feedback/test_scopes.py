"""The thresholds of scopes in the database: learned from reviews, read by every process, shown with their reason."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from caching.feedback import scopes, verdicts
from caching.feedback.sync import VerdictSync
from caching.feedback.verdicts import Use
from caching.maintenance import erasure
from caching.models import Judge, ScopeThreshold, Verdict
from caching.semantic.scoring.pair_verdicts import learned
from caching.semantic.scoring.scope_evidence import EXPLAINED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_client")]

AIR, SHOP = "a" * 16, "5" * 16


def asked(scope: str, questions: int, near: int) -> None:
    for number in range(questions):
        learned.counts.count(scope, 1 if number < near else EXPLAINED if number < near + 20 else None)


def review(scope: str, right: int, wrong: int, judge: Judge = Judge.PROMOTION) -> None:
    for number in range(right + wrong):
        use = Use(
            f"{scope[:4]}{number:04d}",
            "llm:exact:1",
            level="balanced",
            client="airline",
            question="flights to Boston",
            scope=scope,
            place=1,
        )
        verdicts.give(use, judge, Verdict.WRONG if number < wrong else Verdict.RIGHT)


def test_air_travel_ends_strict_and_small_talk_generous_without_a_knob() -> None:
    asked(AIR, 1000, 60)
    asked(SHOP, 1000, 60)
    review(AIR, right=20, wrong=10)
    review(SHOP, right=30, wrong=0)
    air, shop = learned.standings[AIR], learned.standings[SHOP]
    assert shop.thresholds["balanced"] < air.thresholds["balanced"] == 1.0
    assert air.threshold("balanced", 0.9) == 1.0


def test_the_counts_are_in_the_database_and_another_process_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked(SHOP, 200, 40)
    review(SHOP, right=3, wrong=1)
    row = ScopeThreshold.objects.get()
    assert (row.scope, row.asked, row.seen[1], sum(row.judged), sum(row.wrong)) == (SHOP, 200, 40, 4, 1)
    mine = learned.standings
    monkeypatch.setattr(learned, "standings", {})
    assert VerdictSync().load()
    assert learned.standings == mine


def test_a_review_of_what_no_threshold_decided_changes_none() -> None:
    verdicts.give(Use("m", "llm:exact:1", level="balanced"), Judge.MODEL, Verdict.WRONG)
    assert not ScopeThreshold.objects.exists()


def test_counts_of_other_rungs_start_again() -> None:
    row = ScopeThreshold(scope=AIR, asked=7, seen=[1], judged=[1], wrong=[1])
    assert scopes.evidence_of(row).asked == 7 and sum(scopes.evidence_of(row).judged) == 0


def test_the_dashboard_shows_them_with_the_reason(admin_client: Any, redis_client: redis.Redis) -> None:
    asked(AIR, 100, 40)
    review(AIR, right=2, wrong=3)
    page = admin_client.get("/admin/?tab=health").content.decode()
    assert "flights to Boston" in page and "3 of 5 reviewed pairs wrong" in page


def test_a_forgotten_client_leaves_no_text() -> None:
    review(AIR, right=1, wrong=0)
    erasure.forget("airline", "holder")
    row = ScopeThreshold.objects.get()
    assert (row.client, row.example) == ("", "")
