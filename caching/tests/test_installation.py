from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.core.checks import run_checks

from caching import checks, installation
from caching.models import Installation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty(redis_client: Any) -> None:
    installation._id.cache_clear()


def warnings() -> list[str]:
    return [str(found.msg) for found in run_checks(tags=[checks.TAG], include_deployment_checks=True) if found.hint]


def test_names_of_another_database_or_another_secret_key_differ(settings: Any) -> None:
    names = {installation.installation_id(), installation.sealed("client:1")}
    settings.SECRET_KEY = "another"
    names |= {installation.installation_id(), installation.sealed("client:1")}
    Installation.objects.all().delete()
    installation._id.cache_clear()
    names.add(installation.installation_id())
    assert len(names) == 5


def test_one_installation_has_no_neighbours(redis_client: Any) -> None:
    installation.announce()
    assert installation.neighbours() == []
    assert not any("another installation" in message for message in warnings())
    assert 0 < redis_client.ttl("llm:installations") <= installation.KEPT_SECONDS


def test_the_doctor_names_another_installation_on_the_same_redis(redis_client: Any, settings: Any) -> None:
    installation.announce()
    installation._id.cache_clear()
    Installation.objects.all().delete()
    [warning] = [message for message in warnings() if "another installation" in message]
    assert warning.startswith("Redis: another installation uses it too: host ") and "seen 0 minutes ago" in warning
    settings.CACHES = {
        alias: {**cache, "KEY_PREFIX": "staging"} if "KEY_PREFIX" in cache else cache
        for alias, cache in settings.CACHES.items()
    }
    settings.CACHE_KEY_PREFIX = "staging"
    assert installation.neighbours() == []


def test_an_installation_that_ended_is_no_neighbour(redis_client: Any) -> None:
    ended = {"host": "old", "database": "old", "seen": time.time() - installation.SEEN_SECONDS - 1}
    redis_client.hset("llm:installations", "f" * 32, json.dumps(ended))
    assert installation.neighbours() == []


@pytest.mark.parametrize("odd", [b"", b"\xff", b"[]", b'{"host": 5}', b'{"seen": "x", "host": "a", "database": "b"}'])
def test_what_another_version_wrote_is_skipped(redis_client: Any, odd: bytes) -> None:
    redis_client.hset("llm:installations", "f" * 32, odd)
    assert installation.neighbours() == []
