from __future__ import annotations

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from caching.database import require_migrations
from speechsite.server import migrations
from speechsite.tests.support.databases import on_database


@pytest.mark.django_db
def test_a_database_without_migrations_is_told_in_one_line() -> None:
    require_migrations.cache_clear()
    MigrationRecorder.Migration.objects.filter(app="speech").delete()
    with pytest.raises(CommandError, match=r"manage\.py migrate") as caught:
        migrations.demand()
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has an advisory lock for it")
def test_of_two_first_starts_one_migrates_after_the_other(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    with migrations.one_at_a_time(), (tmp_path / "migrate.lock").open("w") as second, pytest.raises(BlockingIOError):
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.django_db
def test_on_postgresql_they_wait_for_each_other_without_a_session(postgres_url: str) -> None:
    # As an administrator may set them for a role.
    timeouts = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    limited = f"{postgres_url}?options={quote(' '.join(f'-c {name}=400' for name in timeouts))}"
    with on_database(limited), ThreadPoolExecutor(1) as threads:

        def second() -> str:
            with on_database(limited), migrations.one_at_a_time():
                return "done"

        with migrations.one_at_a_time():
            # Behind pgbouncer this might be the session of another client.
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
                assert cursor.fetchone() == (0,)
            waiting = threads.submit(second)
            with pytest.raises(TimeoutError):
                waiting.result(0.6)
        assert waiting.result(30) == "done"
