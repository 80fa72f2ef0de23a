"""Alerts begin and end once each, by a real SMTP server and a real webhook on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from caching.models import ErrorCount, HourlyUsage, Judgement, MinuteUsage
from caching.redis import store
from speech.models import Client
from speechsite import alerts
from speechsite.alerts.rounds import next_report, run_round
from speechsite.models import Alert, Schedule
from speechsite.tests.support.mail_server import mail_server, webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(settings: Any, redis_client: Any) -> Iterator[SimpleNamespace]:
    with mail_server() as (port, mails), webhook() as hook:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.ALERT_EMAILS, settings.DEFAULT_FROM_EMAIL = ["ops@example.com"], "gateway@example.com"
        settings.ALERT_WEBHOOK_URL = f"http://127.0.0.1:{hook.server_port}/secret-token"
        yield SimpleNamespace(mails=mails, hook=hook, posts=hook.received)


def one_round() -> None:
    Schedule.objects.filter(name="alerts").delete()
    run_round()


def used(client: str = "bot", hour: datetime | None = None, **fields: Any) -> None:
    hour = (hour or timezone.now()).replace(minute=0, second=0, microsecond=0)
    usual = {"cache_type": "llm", "outcome": "miss", "currency": "USD", "provider": "demo"}
    HourlyUsage.objects.create(hour=hour, client=client, **{**usual, **fields})


def test_a_budget_is_told_at_80_and_at_100_percent_and_at_its_end(told: Any) -> None:
    client, _ = Client.objects.create_with_key("bot", daily_budget_usd=10)
    used(cost=Decimal("7.9"))
    one_round()
    assert told.mails == told.posts == []
    used(cost=Decimal("0.1"), outcome="bypass")
    for _ in range(2):
        one_round()
    (mail,), (post,) = told.mails, told.posts
    assert mail["Subject"].startswith("Alert: At least 80 % of the daily budget of bot is spent")
    assert (mail["From"], mail["To"]) == ("gateway@example.com", "ops@example.com")
    assert "8.00 of 10 USD" in mail.get_content() and post["text"].startswith("*Alert: At least 80 %")
    used(cost=2, outcome="error")
    for _ in range(2):
        one_round()
    assert len(told.mails) == 2 and "Requests of bot are refused" in told.mails[1]["Subject"]
    Client.objects.filter(pk=client.pk).update(daily_budget_usd=100)
    for _ in range(2):
        one_round()
    assert len(told.posts) == 3 and told.posts[2]["text"].count("Resolved") == 2
    assert not Alert.objects.filter(ended=None).exists()


def test_redis_that_is_away_is_told_and_resolved(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(store, "available", lambda: False)
        one_round()
    one_round()
    assert [post["text"].split(":")[0] for post in told.posts] == ["*Alert", "*Resolved"]


def failing(provider: str, calls: int, errors: dict[str, int]) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    MinuteUsage.objects.create(minute=minute, cache_type="llm", outcome="miss", provider=provider, requests=calls)
    for code, count in errors.items():
        ErrorCount.objects.create(minute=minute, cache_type="llm", provider=provider, code=code, requests=count)


def test_a_provider_that_fails_too_often_is_named(told: Any) -> None:
    failing("flaky", 50, {"provider_timeout": 4, "provider_bad_answer": 2})
    failing("good", 50, {"provider_timeout": 5})
    failing("quiet", 5, {"provider_timeout": 5})
    failing("misused", 50, {"provider_rejected_request": 40, "invalid_value": 5})
    one_round()
    (post,) = told.posts
    assert "12% of 50 calls to flaky" in post["text"] and post["text"].count("calls") == 2


def test_a_hit_rate_that_fell_by_half_is_told(told: Any) -> None:
    now, week = timezone.now() - timedelta(hours=1), timedelta(days=7)
    for kind, before, after in (("llm", 120, 40), ("tts", 120, 61)):
        for hour, hits in ((now - week, before), (now, after)):
            used(hour=hour, cache_type=kind, outcome="exact", requests=hits)
            used(hour=hour, cache_type=kind, outcome="miss", requests=200 - hits)
    one_round()
    (post,) = told.posts
    assert "The llm hit rate is 20.0%, a week ago it was 60.0%" in post["text"] and "tts" not in post["text"]


def test_measured_wrong_answers_above_the_limit_are_told(told: Any) -> None:
    used(outcome="semantic", level="balanced", requests=100)
    for number in range(40):
        usual = {"judge": "model", "level": "balanced", "client": "bot", "key": "k", "question": "q", "matched": "m"}
        Judgement.objects.create(match=str(number), verdict="wrong" if number < 30 else "right", **usual)
    one_round()
    assert "of the answers at level balanced are wrong, the limit is 1.0%" in told.posts[0]["text"]


def test_a_channel_that_fails_keeps_no_other_silent_and_all_failing_is_tried_again(
    told: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    Client.objects.create_with_key("bot", daily_budget_usd=1)
    used(cost=Decimal("0.9"))
    told.hook.status = 500
    settings.EMAIL_PORT, port = 1, settings.EMAIL_PORT
    one_round()
    assert told.mails == told.posts == [] and "secret-token" not in caplog.text
    settings.EMAIL_PORT = port
    for _ in range(2):
        one_round()
    assert len(told.mails) == 1 and told.posts == []


def test_of_many_workers_one_runs_a_round(told: Any) -> None:
    Client.objects.create_with_key("bot", daily_budget_usd=0)
    for _ in range(3):
        run_round()
    assert len(told.posts) == 1 and Schedule.objects.get(name="alerts").due > timezone.now()


def test_a_condition_that_cannot_be_looked_at_stops_no_other(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speechsite.alerts.conditions.thresholds.measure", lambda *_: 1 / 0)
    Client.objects.create_with_key("bot", daily_budget_usd=0)
    one_round()
    assert len(told.posts) == 1


def test_nobody_to_tell_is_no_thread(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts._worker, "start", lambda: pytest.fail("a thread was started"))
    alerts.start()


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (datetime(2026, 11, 29, 12, tzinfo=UTC), datetime(2026, 11, 30, 7, tzinfo=UTC)),
        (datetime(2026, 11, 30, 6, 59, tzinfo=UTC), datetime(2026, 11, 30, 7, tzinfo=UTC)),
        (datetime(2026, 11, 30, 7, tzinfo=UTC), datetime(2026, 12, 7, 7, tzinfo=UTC)),
    ],
)
def test_a_report_comes_on_mondays(now: datetime, then: datetime) -> None:
    assert next_report(now) == then


def test_the_report_is_sent_once_when_it_is_due(told: Any, settings: Any) -> None:
    settings.ALERT_EMAILS, settings.ALERT_WEBHOOK_URL, settings.REPORT_EMAILS = [], "", ["boss@example.com"]
    used(outcome="exact", requests=3, saved=Decimal("12.5"))
    used(requests=1, cost=Decimal("2.5"))
    run_round()
    assert told.mails == [], "the first one comes on Monday"
    Schedule.objects.filter(name="report").update(due=timezone.now())
    for _ in range(2):
        run_round()
    (mail,) = told.mails
    assert mail["To"] == "boss@example.com" and "saved $12.50 this week" in mail["Subject"]
    assert "Hit rate  75.0%" in mail.get_content() and "Spent     $2.50" in mail.get_content()


def test_the_report_can_be_printed_and_sent_by_hand(told: Any, settings: Any) -> None:
    output = StringIO()
    call_command("send_report", "--print", stdout=output)
    assert "Hit rate" in output.getvalue() and told.mails == []
    with pytest.raises(CommandError, match="REPORT_EMAILS"):
        call_command("send_report")
    settings.REPORT_EMAILS = ["boss@example.com"]
    call_command("send_report", stdout=StringIO())
    assert len(told.mails) == 1
