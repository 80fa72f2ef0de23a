from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command

from caching.coordination.single_flight import STREAM_SECONDS
from caching.maintenance import text_caches
from caching.management import audit
from caching.models import CacheRule, Call, HourlyUsage
from caching.models.audit import AuditAction
from caching.redis import breaker, store
from caching.semantic.cache import forget_tier
from speech.management import forgetting, transfer
from speech.management.commands import forget
from speech.models import Client, Receipt
from speech.tests.support.traces import (
    SECRET,
    caller,
    everything_in_redis,
    everything_in_the_database,
    use_everything,
)
from speechsite.tests.support.refusal import refused

Clients = Callable[..., tuple[Client, str]]

# A spoken turn is counted in threads, which would wait for ever for rows that a test has not committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_indexed() -> None:
    """An index that holds what an earlier test's Redis held would be told to forget it, in the new one."""
    forget_tier()


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "NOTICED_SECONDS", 0.0)
    monkeypatch.setattr(text_caches, "POLL_SECONDS", 0.0)


def run(*words: str) -> str:
    output = io.StringIO()
    call_command("forget", *words, stdout=output)
    return output.getvalue()


def names_who_asked(redis_client: Any, client: Any) -> bool:
    return any(redis_client.sismember(key, client.holder) for key in redis_client.keys("asked:*"))


NO_INLINE_ROWS = {"keys-TOTAL_FORMS": 0, "keys-INITIAL_FORMS": 0}


def remove_as_staff(admin: Any, redis_client: Any, client: str) -> None:
    """Remove entries in the three ways of the cache browser, of which the admin's log tells."""
    readable = [key.decode() for key in redis_client.keys("llm:semantic:*") if SECRET.lower() in key.decode().lower()]
    assert readable
    # Staff read them first.
    for page in ("", "keys/", f"keys/?client={client}", "caching/call/", "requests/"):
        assert admin.get(f"/admin/{page}").status_code == 200
    assert admin.get("/admin/keys/entry/", {"key": readable[0]}).status_code == 200
    for path, found in (
        ("/admin/keys/remove/", {"key": readable}),
        ("/admin/keys/remove-matching/", {"q": f"*{SECRET.lower()}*"}),
        ("/admin/keys/remove-matching/", {"client": client}),
    ):
        assert admin.post(path, {**found, "confirmed": "1"}).status_code == 302
    assert LogEntry.objects.filter(change_message__startswith="Deleted").count() == 3


@pytest.mark.usefixtures("no_wait")
def test_forgetting_leaves_no_trace_and_nobody_else_loses_one(
    clients: Clients, redis_client: Any, admin_client: Any
) -> None:
    name = "Quetzalcoatl"
    limits = {"requests_per_minute": 100, "daily_entries": 100, "daily_budget_usd": 5, "shared_scope": True}
    mine, other = clients(name, **limits), clients("other", shared_scope=True)
    use_everything(caller(mine[1]), SECRET)
    use_everything(caller(other[1]), "Timbuktu")
    admin_client.post(f"/admin/speech/client/{mine[0].pk}/change/", {"name": name, "is_active": "on", **NO_INLINE_ROWS})
    remove_as_staff(admin_client, redis_client, name)
    use_everything(caller(mine[1]), SECRET)
    CacheRule.objects.create(name="Never store", client=name, never_store=True)
    requests = sum(HourlyUsage.objects.values_list("requests", flat=True))
    others = Call.objects.filter(client="other").count()
    assert redis_client.keys(f"limit:{mine[0].holder}*") and names_who_asked(redis_client, mine[0])
    said = run("--client", name, "--yes")
    assert "hourly totals made anonymous" in said
    in_redis, in_database = everything_in_redis(redis_client), everything_in_the_database()
    for trace in (SECRET, name):
        assert trace.encode() not in in_redis
        assert trace not in in_database
    assert redis_client.keys(f"limit:{mine[0].holder}*") == []
    assert not names_who_asked(redis_client, mine[0])
    # Work that callers share passes through Redis, and is gone seconds after it is done.
    left = [redis_client.ttl(key) for key in redis_client.keys("flight:*")]
    assert -1 not in left and all(seconds <= STREAM_SECONDS for seconds in left)
    assert "Timbuktu" in in_database and b"Timbuktu" in in_redis
    assert Call.objects.filter(client="other").count() == others
    assert sum(HourlyUsage.objects.values_list("requests", flat=True)) == requests, "the sums still add up"


@pytest.mark.usefixtures("no_wait")
def test_forgetting_is_not_done_while_redis_refuses_a_part_of_it(
    clients: Clients, redis_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "PAUSE_SECONDS", 0.0)
    use_everything(caller(clients("mine")[1]), SECRET)
    # In the order in which they are needed.
    for command in ("set", "scan", "memory", "ttl", "get", "getrange", "unlink", "xrange", "xdel"):
        with (
            refused(redis_client, command),
            pytest.raises(CommandError, match="run the command again: The Redis user lacks a permission"),
        ):
            run("--client", "mine", "--yes")
    assert Client.objects.filter(name="mine").exists()
    run("--client", "mine", "--yes")
    assert SECRET.encode() not in everything_in_redis(redis_client)


@pytest.mark.usefixtures("no_wait")
def test_two_that_are_forgotten_add_up(clients: Clients) -> None:
    for name in ("one", "two"):
        caller(clients(name)[1]).post("/api/chat/", {"query": "Hello"}, format="json")
        run("--client", name, "--yes")
    assert list(HourlyUsage.objects.values_list("client", "requests")) == [("", 2)]


def test_a_dry_run_only_counts(clients: Clients, redis_client: Any) -> None:
    _, key = clients("bot")
    use_everything(caller(key), SECRET)
    before = everything_in_redis(redis_client)
    said = run("--client", "bot", "--dry-run")
    assert said.startswith("Would delete bot: ") and "2 receipts" in said
    assert everything_in_redis(redis_client) == before
    assert Receipt.objects.count() == 2


def test_files_that_may_hold_its_entries_are_named(clients: Clients, redis_client: Any, tmp_path: Path) -> None:
    clients("mine"), clients("other")
    for file, client in (("mine.gz", "mine"), ("all.gz", ""), ("theirs.gz", "other")):
        call_command("cache_export", tmp_path / file, client=client, stdout=io.StringIO())
    named = io.StringIO()
    call_command("forget", "--client", "mine", "--yes", stdout=io.StringIO(), stderr=named)
    assert [line.partition(":")[0] for line in named.getvalue().splitlines()] == [
        str(tmp_path / "all.gz"),
        str(tmp_path / "mine.gz"),
    ]


def test_it_asks_first(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    clients("bot")
    monkeypatch.setattr("builtins.input", lambda question: "n")
    with pytest.raises(CommandError, match="nothing was deleted"):
        run("--client", "bot")
    assert Client.objects.get(name="bot").is_active


def test_where_nobody_can_answer_it_names_the_option(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    clients("bot")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match=r"^Add --yes to delete without asking.$"):
        run("--client", "bot")
    assert Client.objects.get(name="bot").is_active


def test_it_refuses_while_redis_is_away(clients: Clients, use_redis: Callable[[str], None]) -> None:
    clients("bot")
    use_redis("redis://127.0.0.1:1/0")
    store.connect()
    with pytest.raises(CommandError, match="while Redis is disconnected"):
        run("--client", "bot", "--yes")
    with pytest.raises(CommandError, match="unknown client: nobody"):
        run("--client", "nobody")


@pytest.mark.usefixtures("no_wait")
def test_an_active_key_is_revoked_and_waited_for(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    clients("bot")
    seen = []

    def sleep(seconds: float) -> None:
        seen.append(Client.objects.get().is_active)

    # Of these modules alone: other threads sleep too.
    for module in (forget, forgetting):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep))
    told = run("--client", "bot", "--yes")
    steps = [
        "Revoked its keys",
        "has noticed",
        "has dropped",
        "Deleting its entries",
        "clearing the log",
        "Deleted bot",
    ]
    assert sorted(steps, key=told.index) == steps
    assert seen == [False, False]
    assert not Client.objects.exists()


@pytest.mark.usefixtures("no_wait")
def test_exports_that_may_hold_a_client_are_named_after_another_one_was_forgotten(clients: Clients) -> None:
    clients("acme")
    clients("bot")
    for file, client in (("/backups/acme: all.gz", ""), ("/backups/bot.gz", "bot"), ("/backups/acme.gz", "acme")):
        message = transfer.export_record(3, Path(file), "entries")
        audit.record("cache_export", AuditAction.VIEWED, message, client=client)
    assert forgetting.exports(Client.objects.get(name="acme")) == ["/backups/acme.gz", "/backups/acme: all.gz"]
    run("--client", "acme", "--yes")
    assert forgetting.exports(Client.objects.get(name="bot")) == ["/backups/acme: all.gz", "/backups/bot.gz"]
