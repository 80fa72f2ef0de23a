"""The commands of docs/operations.md for PostgreSQL, as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from speechsite.tests.support.databases import PostgresServer, run_python
from speechsite.tests.support.source import ROOT

FILL = """
from caching.models import HourlyUsage
from django.utils import timezone
from speech.models import Client
_, key = Client.objects.create_with_key("bot")
HourlyUsage.objects.create(
    hour=timezone.now(), cache_type="llm", outcome="miss", currency="USD", client="bot", cost="1.5", requests=3
)
print(key)
"""
AFTER = """
from speech.models import Client, ClientKey, hash_key
from caching.installation import installation_id
from caching.models import HourlyUsage
from django.core.management import call_command
call_command("migrate", check_unapplied=True, verbosity=0)
known = ClientKey.objects.with_hash(hash_key({key!r}))
Client.objects.create_with_key("another")
print(known.client, HourlyUsage.objects.get(client="bot").cost, installation_id())
"""
SECRETS = {"SECRET_KEY": "restored-" * 8}


OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway') THEN CREATE ROLE gateway LOGIN; END IF;
END $$
"""


def documented(beginning: str) -> str:
    (line,) = re.findall(rf"^{beginning} .*$", OPERATIONS, re.MULTILINE)
    return line


@pytest.fixture
def owned_postgres(postgres: PostgresServer) -> PostgresServer:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(ROLE)
    return postgres


def url(server: PostgresServer, role: str, database: str) -> str:
    return f"postgres://{role}@127.0.0.1:{server.port}/{database}"


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="there is no pg_dump on the PATH")
def test_a_restored_database_knows_clients_keys_and_spending(
    owned_postgres: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    key = run_python(FILL, postgres_url, **SECRETS).strip()
    before = run_python(
        "from caching.installation import installation_id; print(installation_id())", postgres_url, **SECRETS
    )
    restored = url(owned_postgres, "gateway", "gateway_restored")
    login = {"PGHOST": "127.0.0.1", "PGPORT": str(owned_postgres.port), "PGUSER": "postgres"}
    for command in map(documented, ("pg_dump", "createdb", "pg_restore")):
        environment = {**os.environ, **login, "DATABASE_URL": postgres_url, "RESTORED_URL": restored}
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert (command, done.returncode, done.stderr) == (command, 0, "")
    told = run_python(AFTER.format(key=key), restored, **SECRETS).split()
    assert told[0] == "bot" and float(told[1]) == 1.5 and told[2] == before.strip()


def test_a_second_role_makes_tables_that_belong_to_the_owner(owned_postgres: PostgresServer) -> None:
    with psycopg.connect(owned_postgres.url, autocommit=True) as connection:
        for statement in map(documented, ("CREATE ROLE gateway_b", "ALTER ROLE gateway_b SET")):
            connection.execute(statement.encode())
        connection.execute("CREATE DATABASE rotated OWNER gateway")
    with psycopg.connect(url(owned_postgres, "gateway_b", "rotated")) as connection:
        connection.execute("CREATE TABLE made_by_a_migration (id int)")
        owner = connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'made_by_a_migration'")
        assert owner.fetchall() == [("gateway",)]
