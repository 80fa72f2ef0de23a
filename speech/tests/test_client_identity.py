from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.test import APIClient

from caching import installation
from caching.models import Installation
from speech.models import Client
from speechsite.tests.support.databases import run_python
from speechsite.views import _waiting

MIGRATED = """
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from speech.models import Client, ClientKey
before = ("speech", "0007_stored_response")
call_command("migrate", *before, verbosity=0)
old = MigrationExecutor(connection).loader.project_state([before]).apps.get_model("speech", "Client")
for name in "abc":
    old.objects.create(name=name, key_hash=name, key_hint="sg_")
call_command("migrate", verbosity=0)
print(*(ClientKey.objects.with_hash(name).client.name for name in "abc"), end=" ")
print(len({client.identity.hex for client in Client.objects.filter(name__in="abc")}))
Client.objects.filter(name__in="abc").delete()
"""


def test_clients_of_the_version_before_get_an_identity_and_keep_their_keys(database_url: str) -> None:
    assert run_python(MIGRATED, database_url).split() == ["a", "b", "c", "3"]


@pytest.mark.django_db
def test_a_client_with_the_primary_key_of_another_has_another_scope() -> None:
    first, _ = Client.objects.create_with_key("bot")
    scope, pk = first.private_scope, first.pk
    first.delete()
    again, _ = Client.objects.create_with_key("bot", pk=pk)
    assert again.pk == pk and again.private_scope != scope


def test_counters_of_equal_names_in_another_installation_are_others(clients: Any, redis_client: Any) -> None:
    """Limits of clients, and attempts to log in."""
    _, key = clients("bot", requests_per_minute=1)
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert [api.get("/v1/models").status_code for _ in range(2)] == [200, 429]
    login = RequestFactory().post("/admin/login/", {"username": "admin"})
    assert [_waiting(login) > 0 for _ in range(11)] == [False] * 10 + [True]

    Installation.objects.all().delete()
    Client.objects.all().delete()
    installation._id.cache_clear()
    _, key = clients("bot", requests_per_minute=1)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert api.get("/v1/models").status_code == 200
    assert _waiting(login) == 0
