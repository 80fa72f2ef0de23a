"""What clients count, what the ledger holds and what /metrics shows: the same, over two real workers."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings

from caching.fields import PLACES
from caching.models import Price
from speech.models import Client
from speechsite.server.private_redis import free_port
from speechsite.tests.support.databases import new_sqlite, on_database, query
from speechsite.tests.support.server import START_SECONDS
from speechsite.tests.support.waiting import wait_until

CLIENTS = 8
REQUESTS = 400
KILLED_REQUESTS = 300
PRICES = {("demo", "input_tokens"): "0.001", ("demo", "output_tokens"): "0.002", ("espeak", "characters"): "0.0003"}
FIGURES = """
SELECT cache_type, outcome, sum(requests), sum(cost), sum(saved) FROM caching_hourlyusage GROUP BY cache_type, outcome
"""


class Site:
    """`manage.py serve` with two workers, on a database that has prices and clients."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        with on_database(database_url):
            for (provider, unit), amount in PRICES.items():
                Price.objects.create(provider=provider, model="*", unit=unit, amount=amount, per=1, source="a test")
            self.keys = [Client.objects.create_with_key(f"client-{number}")[1] for number in range(CLIENTS)]
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--workers", "2", "--threads", "16", "--port", str(port)],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": database_url, "LOG_LEVEL": "WARNING"},
        )
        self.wait_until_it_answers()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)

    def post(self, path: str, body: dict[str, Any], client: int, **headers: str) -> tuple[int, dict[str, str]]:
        """Status and headers; 0 where the connection broke."""
        headers |= {"Authorization": f"Bearer {self.keys[client]}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                answer.read()
                return answer.status, _lower(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, _lower(error.headers)
        except (OSError, http.client.HTTPException):
            return 0, {}

    def metrics(self) -> dict[str, float]:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=60) as answer:  # noqa: S310
            lines = re.findall(r"^(ledger_\w+{.*?}) (\S+)$", answer.read().decode(), re.M)
        return {name: float(value) for name, value in lines}

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of `name` that have these labels."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(
            value
            for sample, value in self.metrics().items()
            if sample.startswith(f"ledger_{name}_total{{") and all(label in sample for label in wanted)
        )

    def wait_until_it_answers(self) -> None:
        wait_until(lambda: self.post("/api/chat/", {}, 0)[0] == 400, START_SECONDS, pause=0.2)

    def kill_a_worker(self) -> None:
        """One of the processes that answer, the grandchildren of `manage.py serve`, if there is one just now."""
        workers = [pid for child in _children(self._process.pid) for pid in _children(child)]
        with suppress(ProcessLookupError):
            for worker in workers[:1]:
                os.kill(worker, signal.SIGKILL)


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _children(parent: int) -> list[int]:
    return [
        int(stat.parent.name)
        for stat in Path("/proc").glob("[0-9]*/stat")
        if _parent_of(stat) == parent and b"resource_tracker" not in (stat.parent / "cmdline").read_bytes()
    ]


def _parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for the tests of a database, in their order: the last one stops it."""
    if request.param == "sqlite":
        url = f"sqlite:///{new_sqlite(tmp_path_factory.mktemp('ledger'))}"
    else:
        url = request.getfixturevalue("postgres").new_url(request.getfixturevalue("migrated_postgres"))
    running = Site(url)
    yield running
    running.stop()


def mixed(site: Site, number: int) -> tuple[int, dict[str, str]]:
    """One of: questions of which some repeat, with and without cache, texts with shared sentences, refusals."""
    client, kind = number % CLIENTS, number // CLIENTS % 10
    if kind < 5:
        return site.post("/api/chat/", {"query": f"Question {number % 13}?"}, client)
    if kind == 5:
        return site.post("/api/chat/", {"query": "Anew?"}, client, **{"Cache-Control": "no-cache"})
    if kind == 6:
        return site.post("/api/chat/", {"query": f"Never {number}?"}, client, **{"Cache-Control": "only-if-cached"})
    if kind == 7:
        return site.post("/api/chat/", {"query": ""}, client)
    text = f"Hello there. This is number {number % 7}."
    return site.post("/api/tts/", {"text": text, "language": "en", "codec": "wav" if kind == 8 else "mp3"}, client)


@dataclass(frozen=True)
class Ledger:
    requests: Counter[str]
    """By cache type and outcome."""
    spent: Decimal
    saved: Decimal
    calls: int


def ledger(site: Site) -> Ledger:
    rows = query(site.database_url, FIGURES)
    [[calls]] = query(site.database_url, "SELECT count(*) FROM caching_call")
    requests = Counter({f"{cache_type} {outcome}": int(count) for cache_type, outcome, count, _, _ in rows})
    spent, saved = (sum((Decimal(row[column]).scaleb(-PLACES) for row in rows), Decimal(0)) for column in (3, 4))
    return Ledger(requests, spent, saved, calls)


def amounts(answers: list[tuple[int, dict[str, str]]], header: str) -> Decimal:
    return sum((Decimal(headers[header]) for status, headers in answers if status == 200), Decimal(0))


def test_client_ledger_and_metrics_agree_after_mixed_requests(site: Site, redis_client: redis.Redis) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda number: mixed(site, number), range(REQUESTS)))
    statuses = Counter(status for status, _ in answers)
    # Hits are written every second.
    wait_until(lambda: ledger(site).requests.total() >= statuses[200] + statuses[504])
    written = ledger(site)
    shown = {outcome: site.metric("requests", outcome=outcome) for outcome in ("exact", "miss", "bypass", "error")}
    metric_spent, metric_saved = site.metric("cost"), site.metric("saved") - site.metric("overhead")
    assert set(statuses) == {200, 400, 504}, statuses
    cache = Counter(headers["x-cache"] for status, headers in answers if status == 200)
    assert cache["HIT"] > 40 and cache["MISS"] > 40 and cache["BYPASS"] > 20
    counted = {
        "exact": cache["HIT"],
        # Nothing cached, and no provider asked: a miss that cost nothing.
        "miss": cache["MISS"] + statuses[504],
        "bypass": cache["BYPASS"],
        "error": 0,
    }
    for outcome, count in counted.items():
        assert written.requests[f"llm {outcome}"] + written.requests[f"tts {outcome}"] == count == shown[outcome]
    assert written.spent == amounts(answers, "x-cost-usd") > 0
    assert written.saved == amounts(answers, "x-cost-saved-usd") > 0
    assert metric_spent == pytest.approx(float(written.spent), rel=1e-9)
    assert metric_saved == pytest.approx(float(written.saved), rel=1e-9)


def test_kill_9_of_a_worker_loses_no_spend(site: Site, redis_client: redis.Redis) -> None:
    before = ledger(site)

    def ask(number: int) -> tuple[int, dict[str, str]]:
        # Once: granian takes two deaths of a worker within 5.5 s for a crash loop, and ends.
        if number == KILLED_REQUESTS // 2:
            site.kill_a_worker()
        answer = site.post("/api/chat/", {"query": f"Question {number}?"}, number % CLIENTS)
        if not answer[0]:
            site.wait_until_it_answers()
        return answer

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(ask, range(KILLED_REQUESTS)))
    after = ledger(site)
    answered = sum(status == 200 for status, _ in answers)
    broken = sum(status == 0 for status, _ in answers)
    assert answered + broken == KILLED_REQUESTS
    assert answered > 100 and broken > 0, "some must have been killed, and most not"
    # A request that was killed after it was written, and before it was answered, is in the ledger too.
    misses = after.requests["llm miss"] - before.requests["llm miss"]
    assert answered <= misses <= KILLED_REQUESTS
    # The rows of calls of the killed worker's last second are lost, not their amounts.
    assert after.calls - before.calls <= misses
    assert after.spent - before.spent >= amounts(answers, "x-cost-usd")


def test_the_last_hits_are_written_when_the_server_is_stopped(site: Site, redis_client: redis.Redis) -> None:
    before = ledger(site)
    for _ in range(20):
        assert site.post("/api/chat/", {"query": "Again?"}, 0)[0] == 200
    site.stop()
    assert ledger(site).requests - before.requests == {"llm miss": 1, "llm exact": 19}
