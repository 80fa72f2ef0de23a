from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from caching import database
from caching.redis import store
from speech.api import health

pytestmark = pytest.mark.django_db


def test_healthz_asks_nothing(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "version": settings.VERSION})
    assert client.head("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405


def test_readyz_is_ok_when_all_is_there(client: Client, redis_client: Any) -> None:
    body = client.get("/readyz").json()
    assert (body["status"], body["database"], body["redis"]["status"]) == ("ok", {"status": "ok"}, "ok")
    assert body["redis"]["ping_ms"] < 1000
    assert body["providers"]["llm"] == {"name": "demo", "status": "ok"}


def test_readyz_is_degraded_and_200_without_its_redis(client: Client, use_redis: Any) -> None:
    use_redis("redis://127.0.0.1:1/0")
    store.get("llm:exact:a")
    response = client.get("/readyz")
    body = response.json()
    assert (response.status_code, body["status"], body["redis"]["status"]) == (200, "degraded", "down")
    assert body["redis"]["reason"].startswith("Connection refused")


def test_readyz_says_that_caching_is_off(client: Client, use_redis: Any) -> None:
    use_redis("")
    body = client.get("/readyz").json()
    assert (body["status"], body["redis"]) == ("ok", {"status": "off"})


def test_readyz_names_what_a_provider_lacks(client: Client, settings: Any) -> None:
    settings.LLM_PROVIDER, settings.TTS_PROVIDER = "sarvam", "nobody"
    settings.PROVIDERS = {}
    providers = client.get("/readyz").json()["providers"]
    assert providers["llm"] == {"name": "sarvam", "status": "not configured", "missing": ["SARVAM_API_KEY"]}
    assert providers["tts"] == {"name": "nobody", "status": "unknown"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("answered", "seconds", "expected"),
    [(False, 0, (503, "failed")), (True, 0, (200, "degraded")), (True, database.LONGEST_AGE, (503, "failed"))],
    ids=["never there", "answered before", "an hour later"],
)
def test_readyz_without_a_database_is_503_unless_older_values_stand_in(
    client: Client, monkeypatch: pytest.MonkeyPatch, answered: bool, seconds: float, expected: tuple[int, str]
) -> None:
    def fails() -> None:
        raise OperationalError("could not connect to postgres://user:secret@host")

    monkeypatch.setattr(health, "_ask_the_database", fails)
    trouble = database.Trouble()
    monkeypatch.setattr(database, "trouble", trouble)
    monkeypatch.setattr(health, "trouble", trouble)
    if answered:
        trouble.end()
    trouble._since = time.monotonic() - seconds
    trouble.reason = 'connection to server at "10.0.0.3", port 5432 failed: Connection refused'
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == expected
    assert response.json()["database"] == {"status": "down", "reason": "connection refused"}
    assert "secret" not in response.content.decode() and "10.0.0.3" not in response.content.decode()


def test_readyz_is_503_without_migrations(client: Client) -> None:
    database.require_migrations.cache_clear()
    last = MigrationRecorder.Migration.objects.filter(app="caching").order_by("name").last()
    assert last is not None
    last.delete()
    response = client.get("/readyz")
    told = {"status": "not migrated", "missing": [f"caching.{last.name}"]}
    assert (response.status_code, response.json()["database"]) == (503, told)
