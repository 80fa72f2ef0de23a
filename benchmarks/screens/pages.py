"""Time that the server takes for each page of staff."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from caching.dashboard.forms import PERIODS
from caching.models import Call
from speech.models import Client

ROUNDS = 3
_KEYS = "/admin/keys/"
_ENTRY = f"llm:exact:{77:064x}"


class Timed(NamedTuple):
    path: str
    # Milliseconds: the first time, the median of ROUNDS after it, and the CPU time of that, which other load does not
    # change; SQLite computes in the same thread.
    first: float
    median: float
    cpu: float
    queries: int
    slowest_query: float
    sql: str


def paths() -> Iterator[str]:
    for name in PERIODS:
        for tab in ("savings", "health"):
            yield f"/admin/?period={name}&tab={tab}"
    yield "/admin/?period=30d&client=client-7"
    yield "/admin/?period=30d&cache_type=tts&level=speed"
    yield f"/admin/?{_quarter()}"
    yield "/admin/figures/money.csv?period=30d"
    yield _KEYS
    for query in ("sort=hits", "sort=saved", "sort=expires", "q=setting+77", "q=zebra", "kind=tts", "client=client-7"):
        yield f"{_KEYS}?{query}"
    yield f"{_KEYS}?cursor=4711"
    yield f"{_KEYS}entry/?key={_ENTRY}"
    yield from ("/admin/reviews/", "/admin/reviews/?kind=near", "/admin/reviews/?client=client-7")
    yield f"/admin/reviews/?hit={Call.objects.filter(outcome='semantic').latest('pk').pk}"
    yield from ("/admin/requests/", "/admin/requests/feed/?after=")
    for table in ("call", "auditentry", "judgement", "price", "curatedanswer", "cacherule"):
        yield f"/admin/caching/{table}/"
    yield from ("/admin/caching/call/?q=setting+77", "/admin/caching/call/?p=3", "/admin/caching/auditentry/?p=3")
    yield "/admin/speech/client/"
    yield f"/admin/speech/client/{Client.objects.get(name='client-7').pk}/change/"
    yield "/admin/playground/"


def _quarter() -> str:
    oldest, newest = Call.objects.earliest("created").created, Call.objects.latest("created").created
    return f"start={oldest:%Y-%m-%d}&end={newest:%Y-%m-%d}"


def measure(wanted: str = "") -> Iterator[Timed]:
    browser = Browser()
    browser.force_login(get_user_model().objects.get(username="bench"))
    browser.get("/admin/login/")
    for path in paths():
        if wanted in path:
            yield _measure(browser, path)


def _measure(browser: Browser, path: str) -> Timed:
    times, computed = [], []
    for _ in range(ROUNDS + 1):
        began, cpu = time.perf_counter(), time.thread_time()
        reply = browser.get(path)
        times.append((time.perf_counter() - began) * 1000)
        computed.append((time.thread_time() - cpu) * 1000)
        if reply.status_code != 200:
            raise RuntimeError(f"{path}: {reply.status_code}")
    with CaptureQueriesContext(connection) as captured:
        browser.get(path)
    queries = [(float(query["time"]) * 1000, str(query["sql"])) for query in captured.captured_queries]
    slowest, sql = max(queries, default=(0.0, ""))
    return Timed(
        path,
        times[0],
        sorted(times[1:])[ROUNDS // 2],
        sorted(computed[1:])[ROUNDS // 2],
        len(queries),
        slowest,
        sql,
    )
