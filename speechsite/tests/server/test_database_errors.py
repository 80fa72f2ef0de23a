from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.db import OperationalError, ProgrammingError, connection

import manage
from caching.database import require_migrations, why_no_connection
from speechsite.server.database_errors import explain
from speechsite.tests.support.databases import on_database


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgres://gateway:secret@127.0.0.1:1/gateway", "Connection refused"),
        ("postgres://gateway:secret@nohost.invalid/gateway", "failed to resolve host 'nohost.invalid'"),
        ("sqlite:////no/such/folder/gateway.sqlite3", "unable to open database file"),
    ],
)
def test_a_command_says_in_one_line_why_it_cannot_connect(
    url: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", "create_client", "bot"])
    with on_database(url), pytest.raises(SystemExit) as ended:
        manage.main()
    told = str(ended.value)
    assert told.startswith("Cannot connect to the database, see DATABASE_URL: ") and reason in told
    assert "secret" not in told and "\n" not in told


def test_a_pool_does_not_hide_the_reason() -> None:
    with on_database("postgres://gateway:secret@127.0.0.1:1/gateway"):
        connection.settings_dict["OPTIONS"]["pool"] = {"min_size": 0, "timeout": 30}
        assert "Connection refused" in why_no_connection()


@pytest.mark.django_db
def test_a_missing_table_means_missing_migrations(tmp_path: Path) -> None:
    require_migrations.cache_clear()
    with on_database(f"sqlite:///{tmp_path}/new.sqlite3"):
        missing = explain(ProgrammingError('relation "speech_client" does not exist\nLINE 1: SELECT'))
        full = explain(OperationalError("database or disk is full"))
    require_migrations.cache_clear()
    assert missing.startswith("The database lacks ") and missing.endswith("Run `manage.py migrate` first.")
    assert full == "The database of DATABASE_URL refuses: database or disk is full (--traceback shows where)"


def test_the_traceback_is_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", "create_client", "bot", "--traceback"])
    with on_database("sqlite:////no/such/folder/gateway.sqlite3"), pytest.raises(OperationalError):
        manage.main()
