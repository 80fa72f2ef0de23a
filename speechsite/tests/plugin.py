"""What every test has: a Redis of its own, an environment without anybody's keys, and these fixtures.

`pytest --postgresql` runs the tests that use the database, and only those, on a PostgreSQL made for them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import redis

from speechsite.tests.support.databases import (
    PostgresServer,
    database_url,
    find_postgres,
    migrated_postgres,
    postgres,
    postgres_url,
    sqlite_url,
)
from speechsite.tests.support.ports import reserve_ports
from speechsite.tests.support.quiet import quiet_background, quiet_ledger, unlearned, well_providers
from speechsite.tests.support.redis_server import RedisServer

__all__ = [
    "database_url",
    "migrated_postgres",
    "postgres",
    "postgres_url",
    "quiet_background",
    "quiet_ledger",
    "sqlite_url",
    "unlearned",
    "well_providers",
]

PASSWORD = "p@ss#w/rd$"

_servers: list[RedisServer] = []
_databases: list[PostgresServer] = []
_var = tempfile.TemporaryDirectory()
_worker = os.environ.get("PYTEST_XDIST_WORKER")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgresql", action="store_true", help="tests that use the database, on a PostgreSQL")
    parser.addoption("--isolation-requests", type=int, default=40, help="of each client in test_two_installations.py")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    # Before Django's settings are read, which happens inside this hook.
    reserve_ports(_worker)
    # Each process of the suite, and each that it starts, would compile the whole project for itself.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # pytest-django gives each worker a database of its own on the PostgreSQL of the process that started them.
    shared_database = os.environ.get("DATABASE_URL") if _worker else None
    _servers.append(RedisServer())
    os.environ.update(ENV_FILE=os.devnull, VAR_DIR=_var.name, REDIS_URL=_servers[0].url, DEMO_DELAY_MS="0")
    # On a busy machine a working Redis may take longer than production would wait for it.
    os.environ["REDIS_TIMEOUT_MS"] = "3000"
    for name in (
        "DATABASE_URL",
        "CACHE_KEY_PREFIX",
        "LLM_PROVIDER",
        "TTS_PROVIDER",
        "STT_PROVIDER",
        "OPTIMIZATION_LEVEL",
    ):
        os.environ.pop(name, None)
    if early_config.known_args_namespace.postgresql:
        os.environ["DATABASE_URL"] = shared_database or _postgresql()
        # A test's transaction holds its connection, and so would take one of a pool from the threads that it starts.
        os.environ["DATABASE_POOL_SIZE"] = "0"
    return (yield)


@pytest.hookimpl
def pytest_configure() -> None:
    from django.conf import settings

    # The real one takes half a second of the processor for each password.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Each test client makes the middleware anew, and would read the size and time of every static file.
    settings.WHITENOISE_AUTOREFRESH = True


def _postgresql() -> str:
    bin_dir = find_postgres()
    if bin_dir is None:
        raise pytest.UsageError("--postgresql: there is no PostgreSQL on this machine")
    _databases.append(PostgresServer(bin_dir))
    return _databases[0].url


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.postgresql:
        others = [item for item in items if not _uses_the_database(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _uses_the_database(item)]


@pytest.hookimpl
def pytest_pycollect_makemodule(module_path: Path) -> None:
    if b"hypothesis" in module_path.read_bytes():
        load_hypothesis_profile()


@cache
def load_hypothesis_profile() -> None:
    """Other processes slow a property test down, which says nothing of what it tests."""
    from hypothesis import HealthCheck, settings

    slow = [HealthCheck.too_slow]
    settings.register_profile("suite", max_examples=50, deadline=None, suppress_health_check=slow)
    settings.load_profile("suite")


def _uses_the_database(item: pytest.Item) -> bool:
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return item.get_closest_marker("django_db") is not None or not {"db", "transactional_db"}.isdisjoint(fixtures)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if "caching.semantic.cache" in sys.modules:
        # Before its Redis goes.
        sys.modules["caching.semantic.cache"].forget_tier()
    if "hypothesis" not in sys.modules:
        # Its plugin would import it, to report nothing.
        session.config.pluginmanager.unregister(name="_hypothesis_pytestplugin")


def pytest_unconfigure() -> None:
    while _servers:
        _servers.pop().close()
    while _databases:
        _databases.pop().close()
    _var.cleanup()


@cache
def _redis_client() -> redis.Redis:
    return _servers[0].client()


@pytest.fixture
def redis_client() -> redis.Redis:
    """The tests' Redis, empty."""
    from caching.redis import store

    client = _redis_client()
    client.flushall()
    # Redis tells others of FLUSHALL some microseconds after it has answered whoever sent it.
    time.sleep(0.002)
    deadline = time.monotonic() + 30
    while store.enabled() and (not store.available() or store._writes.paused) and time.monotonic() < deadline:
        # An earlier test left this process believing that it is disconnected or refuses writes.
        time.sleep(0.05)
    return client


@pytest.fixture(scope="session")
def redis8() -> Iterator[RedisServer]:
    """A Redis 8, which has vector sets: the program that REDIS8_SERVER names, or the one on the PATH."""
    binary = os.environ.get("REDIS8_SERVER") or shutil.which("redis-server")
    version = binary and re.search(r"v=(\d+)", subprocess.run([binary, "-v"], capture_output=True, text=True).stdout)
    if not version or int(version[1]) < 8:
        pytest.skip("there is no Redis 8 here: REDIS8_SERVER names none, and redis-server on the PATH is older")
    with RedisServer(binary=binary) as redis_server:
        yield redis_server


@pytest.fixture
def use_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Point this process at another Redis, or at none, for one test."""
    from caching.redis import store
    from caching.redis.backend import redis_cache
    from caching.redis.breaker import RedisBreaker, WritePause
    from caching.redis.url import normalize_redis_url
    from caching.semantic.cache import forget_tier

    # Its thread would notice an outage before the test does.
    forget_tier()

    def point_at(url: str) -> None:
        settings.REDIS_URL = normalize_redis_url(url)
        options = (settings.REDIS_TIMEOUT_MS, settings.CACHE_KEY_PREFIX, settings.NEAR_CACHE_BYTES)
        settings.CACHES = {
            "default": redis_cache(settings.REDIS_URL, "JSONSerializer", *options),
            "audio": redis_cache(settings.REDIS_URL, "AudioSerializer", *options),
        }
        breaker = RedisBreaker(probe=store._probe, on_change=store._log_change, interval=0.1)
        monkeypatch.setattr(store, "_breaker", breaker)
        monkeypatch.setattr(store, "_writes", WritePause(store._address))

    yield point_at
    # What was made for that Redis is of no use to the next test.
    forget_tier()


@pytest.fixture
def clients(db: None, redis_client: redis.Redis) -> Iterator[Callable[..., tuple[Any, str]]]:
    """Makes clients of the API: `client, key = clients("name")`. The cache is empty, because their ids come again."""
    from caching.models import Call, EntryHits, HourlyUsage
    from speech.api.authentication import known_keys as remembered
    from speech.models import Client

    # What a thread of an earlier test has counted is committed on PostgreSQL, and no part of the test's transaction.
    for counted in (Call, EntryHits, HourlyUsage):
        counted.objects.all().delete()

    remembered.forget()

    def create(name: str, **fields: Any) -> tuple[Client, str]:
        client, key = Client.objects.create_with_key(name)
        Client.objects.filter(pk=client.pk).update(**fields)
        client.refresh_from_db()
        return client, key

    yield create
    remembered.forget()


@pytest.fixture
def api(clients: Callable[..., tuple[Any, str]], redis_client: redis.Redis) -> Any:
    """DRF's test client with a valid key, and an empty cache."""
    from rest_framework.test import APIClient

    _, key = clients("tester")
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture(scope="session")
def server_redis() -> Iterator[RedisServer]:
    """The Redis of `server`, with a password; to be killed and paused."""
    with RedisServer("--requirepass", PASSWORD) as redis_server:
        yield redis_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, server_redis: RedisServer) -> Iterator[Any]:
    """The real server, two workers; one for all tests, so what is counted must be counted from where it stood."""
    from speechsite.tests.support.server import Server

    # Whether an answer is found by meaning depends on what else was asked; what is counted here must not.
    environment = {"SEMANTIC_MODE": "off", "REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1:{server_redis.port}/0"}
    running = Server(tmp_path_factory.mktemp("server"), environment)
    yield running
    running.stop()


@pytest.fixture
def fake_openai(settings: Any) -> Iterator[Any]:
    """A loopback OpenAI, chosen for chat and speech where a request names no provider; it records what reaches it."""
    from speech.tests.loopback import FakeOpenAI

    with FakeOpenAI() as loopback:
        openai = {"API_KEY": "sk-loopback-secret", "BASE_URL": f"{loopback.url}/v1"}
        settings.PROVIDERS = {**settings.PROVIDERS, "openai": openai}
        settings.LLM_PROVIDER = settings.TTS_PROVIDER = "openai"
        yield loopback
