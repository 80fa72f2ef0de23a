from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import Tags, run_checks


def ids(**options: Any) -> set[str]:
    found = [message for message in run_checks(**options) if message.id and message.id.startswith("caching.")]
    assert all(message.hint for message in found)
    return {str(message.id) for message in found}


@pytest.mark.django_db
def test_the_settings_as_they_are_pass() -> None:
    # The tests' own Redis has no limit of memory, which is worth a warning in production.
    assert ids(include_deployment_checks=True) == {"caching.W002"}


@pytest.mark.parametrize("lone", ["KEY_FUNCTION", "REVERSE_KEY_FUNCTION"])
def test_one_key_function_without_the_other_is_an_error(settings: Any, lone: str) -> None:
    settings.CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", lone: "caching.keys.make_key"}}
    assert ids() == {"caching.E001"}


def test_an_unknown_level_is_an_error(settings: Any) -> None:
    settings.OPTIMIZATION_LEVEL = "fastest"
    assert ids() == {"caching.E002"}


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("redis://:secret@redis.example.com:6379/0", {"caching.W001"}),
        ("rediss://:secret@redis.example.com:6379/0", set()),
        ("redis://localhost:6379/0", set()),
        ("redis://[::1]:6379/0", set()),
        ("", set()),
    ],
)
def test_redis_on_another_machine_needs_tls_in_production(settings: Any, url: str, found: set[str]) -> None:
    settings.REDIS_URL = url
    assert ids(tags=[Tags.security], include_deployment_checks=True) == found
    assert ids() == set()
