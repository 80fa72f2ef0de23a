"""Measure the pages of staff with a full ledger and cache.

    python -m benchmarks.screens [--requests 10000000] [--keys 1000000] [--only TEXT] [--sql]

Starts its own Redis and database. `--keep DIR` leaves the database there, and a second run finds it filled.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

# Of CPU time, in which SQLite works too.
LIMIT_MS = 300.0


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.screens")
    parser.add_argument("--requests", type=int, default=10_000_000)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="directory of the database")
    parser.add_argument("--only", default="", help="pages whose address contains this")
    parser.add_argument("--sql", action="store_true", help="print the slowest query of each page above the limit")
    options = parser.parse_args()
    with ExitStack() as stack:
        stack.enter_context(_prepared(options, stack))
        slow = _show(options)
    sys.exit(1 if slow else 0)


@contextmanager
def _prepared(options: Namespace, stack: ExitStack) -> Iterator[None]:
    """Set Django up on a filled database and Redis."""
    directory = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
    directory.mkdir(parents=True, exist_ok=True)
    os.environ.update(DJANGO_SETTINGS_MODULE="speechsite.settings", ENV_FILE=os.devnull, VAR_DIR=str(directory))
    os.environ.update(REDIS_URL="", LLM_PROVIDER="demo", TTS_PROVIDER="espeak", SEMANTIC_MODE="on", LOG_LEVEL="ERROR")
    os.environ.update(ALLOWED_HOSTS="testserver", DEBUG="false")
    from speechsite.tests.support.redis_server import RedisServer

    with RedisServer() as redis:
        os.environ["REDIS_URL"] = redis.url
        import django

        django.setup()
        from django.contrib.auth import get_user_model
        from django.contrib.contenttypes.models import ContentType

        from benchmarks.screens import entries, ledger

        _migrate()
        from caching.ledger import summing
        from caching.models import AuditEntry, Call, EntryHits

        if not Call.objects.exists():
            ledger.fill(options.requests, ledger.now())
        if not AuditEntry.objects.exists():
            user = get_user_model().objects.get(username="bench")
            ledger.fill_audit(user.pk, ContentType.objects.get_for_model(EntryHits).pk, ledger.now())
        began = time.perf_counter()
        days = summing.sum_days()
        print(f"{days:12,} days summed in {time.perf_counter() - began:.0f} s", flush=True)
        entries.fill(redis.client(), options.keys)
        yield


def _migrate() -> None:
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from benchmarks.screens import ledger
    from speech.models import Client

    call_command("migrate", verbosity=0)
    if not get_user_model().objects.filter(username="bench").exists():
        get_user_model().objects.create_superuser("bench")
    known = set(Client.objects.values_list("name", flat=True))
    for number in range(ledger.CLIENTS):
        if (name := f"client-{number}") not in known:
            Client.objects.create(name=name)


def _show(options: Namespace) -> int:
    from benchmarks.screens import pages

    slow = 0
    print(f"{'page':58} {'first':>8} {'median':>8} {'CPU':>8} {'queries':>8} {'slowest':>8}   (ms)")
    for timed in pages.measure(options.only):
        above = timed.cpu > LIMIT_MS
        slow += above
        mark = " ABOVE" if above else ""
        print(
            f"{timed.path[:58]:58} {timed.first:8.0f} {timed.median:8.0f} {timed.cpu:8.0f} {timed.queries:8} "
            f"{timed.slowest_query:8.0f}{mark}",
            flush=True,
        )
        if above and options.sql:
            print(f"    {timed.sql[:1500]}")
    return slow


if __name__ == "__main__":
    main()
