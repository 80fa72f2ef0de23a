from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from benchmarks.faults.asks import known_chat
from benchmarks.faults.load import Load
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import Site, new_site
from speechsite.tests.support.databases import on_database
from speechsite.tests.support.mail_server import mail_server, webhook

TITLE = "alerts of every kind by mail and webhook, once each though three workers look, and their ends"
QUICK = False
# Two clients have spent most of their budgets, one of them all.
ALERTS = 7
# Twice the time between two rounds, and one that must bring nothing new.
PATIENCE, ANOTHER_ROUND = 130.0, 65.0


def run(*, quick: bool) -> DrillResult:
    """The rows of the causes are written to the database; Redis is killed."""
    with mail_server() as (port, mails), webhook() as hook:

        def told() -> dict[str, Counter[str]]:
            by_mail = (line for mail in mails for line in mail.get_content().splitlines())
            by_hook = (line for post in hook.received for line in post["text"].splitlines()[1:])
            return {"mail": Counter(by_mail), "webhook": Counter(by_hook)}

        site = new_site(
            workers=3,
            ALERT_WEBHOOK_URL=f"http://127.0.0.1:{hook.server_port}/secret",
            ALERT_EMAILS="ops@example.com",
            EMAIL_URL=f"smtp://127.0.0.1:{port}",
        )
        with site as here, Load(here, [known_chat], clients=2, pause=0.2) as load:
            _in_database(here, _begin)
            here.redis.kill()
            begun = _seconds_until(lambda: _count(told(), "Alert") >= ALERTS)
            time.sleep(ANOTHER_ROUND)
            _in_database(here, _end)
            here.redis.restart()
            ended = _seconds_until(lambda: _count(told(), "Resolved") >= ALERTS)
    result = load.result()
    result.seen.append(f"told after {begun:.0f} s, ended after {ended:.0f} s")
    for channel, lines in told().items():
        for news in ("Alert", "Resolved"):
            found = [count for line, count in lines.items() if line.startswith(f"{news}: ")]
            result.seen.append(f"{channel}: {len(found)} {news}")
            result.require(f"{news} by {channel}: each once", found == [1] * ALERTS)
    result.require_right()
    return result


def _seconds_until(look: Callable[[], bool]) -> float:
    begun = time.monotonic()
    while not look() and time.monotonic() < begun + PATIENCE:
        time.sleep(0.5)
    return time.monotonic() - begun


def _count(told: dict[str, Counter[str]], news: str) -> int:
    return min(sum(line.startswith(f"{news}: ") for line in lines) for lines in told.values())


def _in_database(here: Site, change: Callable[[], None]) -> None:
    with on_database(f"sqlite:///{here.server.directory}/db.sqlite3"):
        change()


def _begin() -> None:
    from django.utils import timezone

    from caching.models import ErrorCount, HourlyUsage, Judgement, MinuteUsage
    from speech.models import Client

    now = timezone.now()
    hour, minute = now.replace(minute=0, second=0, microsecond=0), now.replace(second=0, microsecond=0)
    usual = {"hour": hour, "cache_type": "llm", "outcome": "miss", "currency": "USD", "provider": "acme"}
    for name, cost in (("most", "8.5"), ("all", "10")):
        Client.objects.create_with_key(name, daily_budget_usd=10)
        HourlyUsage.objects.create(**usual, client=name, cost=Decimal(cost))
    MinuteUsage.objects.create(minute=minute, cache_type="llm", outcome="miss", provider="flaky", requests=50)
    failed = {"cache_type": "llm", "provider": "flaky", "code": "provider_timeout", "requests": 20}
    ErrorCount.objects.create(minute=minute, **failed)
    earlier = hour - timedelta(hours=1)
    for moment, hits in ((earlier - timedelta(days=7), 9_000), (earlier, 1_000)):
        for outcome, requests in (("exact", hits), ("miss", 10_000 - hits)):
            row = {**usual, "hour": moment, "cache_type": "tts", "outcome": outcome}
            HourlyUsage.objects.create(**row, client="drill", requests=requests)
    HourlyUsage.objects.create(**{**usual, "outcome": "semantic"}, client="drill", level="balanced", requests=100)
    for number in range(40):
        texts = {"key": "k", "question": "q", "matched": "m", "match": str(number)}
        said = {"judge": "model", "verdict": "wrong" if number < 30 else "right"}
        Judgement.objects.create(level="balanced", client="drill", **texts, **said)


def _end() -> None:
    from caching.models import ErrorCount, HourlyUsage, Judgement
    from speech.models import Client

    Client.objects.filter(name__in=("most", "all")).update(daily_budget_usd=1000)
    ErrorCount.objects.all().delete()
    HourlyUsage.objects.filter(client="drill").delete()
    Judgement.objects.all().delete()
