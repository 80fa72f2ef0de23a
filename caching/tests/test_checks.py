from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.checks import Tags, run_checks

from caching.checks import check_database, check_database_connections
from caching.database import require_migrations
from caching.redis.version import has_vector_sets
from caching.semantic import embedders
from caching.semantic.cache import forget_tier
from speechsite.tests.support.databases import on_database


@pytest.fixture(autouse=True)
def no_reader() -> None:
    """Other settings of CACHES are no place for a thread that reads the stream."""
    forget_tier()


def ids(**options: Any) -> set[str]:
    found = [message for message in run_checks(**options) if message.id and message.id.startswith("caching.")]
    assert all(message.hint for message in found)
    return {str(message.id) for message in found}


@pytest.mark.django_db
def test_the_settings_as_they_are_pass() -> None:
    # The tests' own Redis has no limit of memory, and their PostgreSQL no pool of connections.
    assert ids(include_deployment_checks=True) - {"caching.W006"} == {"caching.W002"}


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
        ("redis+cluster://localhost:1,127.0.0.1:2/0", set()),
        ("redis+cluster://localhost:1,redis.example.com:2/0", {"caching.W001"}),
        ("rediss+cluster://redis.example.com:2/0", set()),
        ("", set()),
    ],
)
def test_redis_on_another_machine_needs_tls_in_production(settings: Any, url: str, found: set[str]) -> None:
    settings.REDIS_URL = url
    assert ids(tags=[Tags.security], include_deployment_checks=True) == found
    assert ids() == set()


@pytest.mark.parametrize("setting", ["SEMANTIC_INDEX", "SEMANTIC_EMBEDDER"])
def test_an_unknown_index_or_embedder_is_an_error(settings: Any, setting: str) -> None:
    setattr(settings, setting, "faiss")
    assert ids() == {"caching.E005"}


def test_a_redis_without_vector_sets_is_an_error_where_they_are_wanted(settings: Any) -> None:
    if has_vector_sets(redis.Redis.from_url(settings.REDIS_URL).info()):
        pytest.skip("the redis-server on the PATH has vector sets")
    assert "caching.E003" not in ids(tags=["redis"], include_deployment_checks=True)
    settings.SEMANTIC_INDEX = "vectorset"
    assert "caching.E003" in ids(tags=["redis"], include_deployment_checks=True)


@pytest.mark.parametrize("value", ["many", "0", "-1", "1.5", "9" * 5000])
def test_the_embedder_needs_a_number_of_dimensions(settings: Any, value: str) -> None:
    settings.SEMANTIC_EMBEDDER_OPTIONS = {"DIMENSIONS": value}
    assert ids() == {"caching.E006"}


@pytest.mark.parametrize("name", [name for name in embedders.names() if name != "wordllama"])
def test_an_embedder_without_its_library_is_an_error(settings: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEMANTIC_EMBEDDER = name
    installed = ids()
    monkeypatch.setattr(embedders, "find_spec", lambda library: None)
    needs_one = name in ("fastembed", "sentence_transformers")
    assert ids() == ({"caching.E010"} if needs_one else installed)
    settings.SEMANTIC_MODE = "off"
    assert "caching.E010" not in ids()


def test_the_embedder_needs_an_address(settings: Any) -> None:
    settings.SEMANTIC_EMBEDDER_OPTIONS = {"BASE_URL": "localhost:11434"}
    assert ids() == {"caching.E006"}


@pytest.mark.parametrize(
    ("prefix", "found"), [("a:b*", {"caching.E007"}), ("a b", {"caching.E007"}), ("app:prod-1", set())]
)
def test_a_prefix_holds_no_pattern(settings: Any, prefix: str, found: set[str]) -> None:
    settings.CACHE_KEY_PREFIX = prefix
    assert ids() == found


def test_the_doctor_sees_what_check_sees(settings: Any) -> None:
    settings.OPTIMIZATION_LEVEL = "fast"
    assert "caching.E002" in ids(tags=["gateway"])


def test_a_database_without_migrations_is_told_in_a_sentence(tmp_path: Path) -> None:
    with on_database(f"sqlite:///{tmp_path}/new.sqlite3"):
        require_migrations.cache_clear()
        [error] = check_database()
        require_migrations.cache_clear()
    assert re.fullmatch(r"database: The database lacks \d+ migrations, the first is .*", error.msg)
    assert error.hint == "Run `manage.py migrate`"


@pytest.mark.parametrize(("threads", "found"), [(20, []), (60, ["caching.W006"])])
def test_more_connections_than_postgresql_takes_are_told(
    settings: Any, postgres_url: str, threads: int, found: list[str]
) -> None:
    settings.WORKERS, settings.THREADS = 2, threads
    with on_database(postgres_url):
        warnings = check_database_connections()
    assert [warning.id for warning in warnings] == found
    assert all("2 workers may open 120 connections; max_connections allows" in warning.msg for warning in warnings)
