"""Every command that changes something, or shows texts of clients, leaves a row in Audit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.db import OperationalError, connection

from caching.maintenance import text_caches
from caching.management import audit
from caching.management.base import GatewayCommand
from caching.models import AuditEntry
from caching.models.audit import AuditAction
from caching.redis import store
from caching.semantic.cache import forget_tier
from speech.models import Client
from speechsite.server import first_run

pytestmark = pytest.mark.django_db

ENTRY = "llm:exact:0"
SECRET_TEXT = "where is my lost parcel"
READ_ONLY = {"cache_doctor", "cache_stats", "semantic_eval", "send_report"}


@dataclass(frozen=True)
class Case:
    action: AuditAction
    told: str
    arguments: tuple[str, ...] = ()
    client: str = ""


CASES = {
    "cache_export": Case(AuditAction.VIEWED, "Exported 0 entries to /", ("out",), "bot"),
    "cache_flush": Case(AuditAction.DELETED, "Deleted 1 entries: all entries, client bot", ("--yes",), "bot"),
    "cache_import": Case(AuditAction.ADDED, "Imported 0 entries", ("in",), "bot"),
    "cache_inspect": Case(AuditAction.VIEWED, ENTRY, (ENTRY,)),
    "cache_warm": Case(AuditAction.ADDED, "Warmed the cache with 1 entries", ("asks", "--yes"), "bot"),
    "create_client": Case(AuditAction.ADDED, "manage.py create_client: Created with its first key", ("new",)),
    "curate": Case(AuditAction.CHANGED, "Imported curated answers: 1 added", ("answers",), "bot"),
    "demo_traffic": Case(AuditAction.ADDED, "Added sample data of", ("--days", "1")),
    "forget": Case(AuditAction.DELETED, "Deleted a client: 1 entries", ("--yes",), "bot"),
    "prune_ledger": Case(AuditAction.DELETED, "Deleted 0 calls and 0 entry-hit rows"),
    "rotate_key": Case(AuditAction.CHANGED, "manage.py rotate_key: Rotated the key first (", ("bot",)),
    "semantic_reindex": Case(AuditAction.CHANGED, "Rebuilt the semantic index"),
}


@pytest.fixture(autouse=True)
def bot(clients: Callable[..., Any], redis_client: redis.Redis, tmp_path: Path, monkeypatch: Any) -> None:
    """A client with an entry, and the files of CASES in the working directory."""
    clients("bot")
    store.put(ENTRY, {"question": SECRET_TEXT, "answer": SECRET_TEXT, "by": "bot", "level": "speed"}, 600)
    monkeypatch.chdir(tmp_path)
    Path("asks").write_text(json.dumps({"query": SECRET_TEXT}))
    Path("answers").write_text(f"wordings,answer\n{SECRET_TEXT},in the van\n")


def run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    if name == "cache_import":
        call_command("cache_export", "in")
        AuditEntry.objects.all().delete()
    if name == "forget":
        # No worker has to notice.
        Client.objects.update(is_active=False)
        monkeypatch.setattr(text_caches, "POLL_SECONDS", 0)
    call_command(name, *case.arguments, *(("--client", case.client) if case.client else ()))


def test_each_command_is_audited_or_changes_nothing() -> None:
    ours = {name for name, app in get_commands().items() if str(app) in ("caching", "speech", "speechsite")}
    assert ours - READ_ONLY - {"serve", "migrate"} == set(CASES)


# One writes from threads, the other waits until no transaction reads the database.
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.django_db(transaction=name in ("cache_warm", "forget"))) for name in CASES],
)
def test_a_command_leaves_its_row_without_texts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run(name, monkeypatch)
    case = CASES[name]
    row = AuditEntry.objects.get()
    assert (row.action_flag, row.user.get_username()) == (case.action, f"{audit._system_user()}@command-line")
    assert row.change_message.startswith(case.told)
    named = {"create_client": "new", "rotate_key": "bot", "forget": "(forgotten)", "cache_inspect": "bot"}
    assert row.client_name == named.get(name, case.client)
    assert SECRET_TEXT not in f"{row.object_repr} {row.change_message}"
    forget_tier()


def test_the_first_run_is_audited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_run, "_KEY_FILE", tmp_path / "key")
    first_run.create_accounts()
    assert {row.object_repr for row in AuditEntry.objects.all()} == {"demo", "admin"}


def test_the_actor_cannot_log_in() -> None:
    audit.record("forget", AuditAction.DELETED, "")
    audit.record("forget", AuditAction.DELETED, "")
    actor = get_user_model().objects.get()
    assert not actor.is_active and not actor.is_staff and not actor.has_usable_password()


def test_a_command_whose_row_cannot_be_written_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if "django_admin_log" in sql:
            raise OperationalError("no room")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        GatewayCommand().record(AuditAction.DELETED, "Deleted 3 entries")
    assert "not in the audit, because of the database: no room" in capsys.readouterr().err
