"""A backup of PostgreSQL, restored as docs/operations.md says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from speechsite.tests.support.databases import query, run_python

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


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="there is no pg_dump on the PATH")
def test_a_restored_database_knows_clients_keys_and_spending(postgres_url: str, tmp_path: Path) -> None:
    dump = tmp_path / "gateway.dump"
    key = run_python(FILL, postgres_url, **SECRETS).strip()
    before = run_python(
        "from caching.installation import installation_id; print(installation_id())", postgres_url, **SECRETS
    )
    subprocess.run(["pg_dump", "-Fc", "-f", dump, postgres_url], check=True)
    assert query(postgres_url, "DELETE FROM speech_clientkey RETURNING 1")
    assert query(postgres_url, "DELETE FROM caching_hourlyusage RETURNING 1")
    subprocess.run(["pg_restore", "--clean", "-d", postgres_url, dump], check=True)
    told = run_python(AFTER.format(key=key), postgres_url, **SECRETS).split()
    assert told[0] == "bot" and float(told[1]) == 1.5 and told[2] == before.strip()
