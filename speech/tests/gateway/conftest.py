"""The real server with four workers, its provider a loopback one, and OpenAI's SDK pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from speech.tests.gateway.scripted import ScriptedOpenAI
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server

openai = pytest.importorskip("openai", reason="the openai SDK is in requirements-dev.txt")

WORKERS = 4
READ_TIMEOUT = 10
"""Seconds that a provider may be silent, and that a follower waits for its leader."""


@pytest.fixture(scope="session")
def _provider() -> Iterator[ScriptedOpenAI]:
    with ScriptedOpenAI() as loopback:
        yield loopback


@pytest.fixture
def provider(_provider: ScriptedOpenAI) -> ScriptedOpenAI:
    """Chat and speech of every gateway here; nothing has reached it yet."""
    _provider.reset()
    return _provider


def environment(directory: Path, provider: ScriptedOpenAI, redis_url: str) -> dict[str, str]:
    return {
        "VAR_DIR": str(directory),
        "REDIS_URL": redis_url,
        "LLM_PROVIDER": "openai",
        "TTS_PROVIDER": "openai",
        "OPENAI_API_KEY": "sk-loopback-secret",
        "OPENAI_BASE_URL": f"{provider.url}/v1",
        "PROVIDER_READ_TIMEOUT": str(READ_TIMEOUT),
        # One test's failures are not to be another's.
        "PROVIDER_BREAKER_FAILURES": "0",
    }


@pytest.fixture(scope="session")
def gateway_redis() -> Iterator[RedisServer]:
    with RedisServer() as redis_server:
        yield redis_server


@pytest.fixture(scope="session")
def _gateway(
    tmp_path_factory: pytest.TempPathFactory, _provider: ScriptedOpenAI, gateway_redis: RedisServer
) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("gateway")
    running = Server(directory, environment(directory, _provider, gateway_redis.url), workers=WORKERS)
    yield running
    running.stop()


@pytest.fixture
def cache(gateway_redis: RedisServer) -> redis.Redis:
    """The gateway's Redis, empty."""
    client = gateway_redis.client()
    client.flushall()
    return client


@pytest.fixture
def gateway(_gateway: Server, provider: ScriptedOpenAI, cache: redis.Redis) -> Server:
    return _gateway


@pytest.fixture(scope="package")
def bare_gateway(tmp_path_factory: pytest.TempPathFactory, _provider: ScriptedOpenAI) -> Iterator[Server]:
    """A gateway whose Redis is away."""
    directory = tmp_path_factory.mktemp("bare")
    running = Server(directory, environment(directory, _provider, "redis://127.0.0.1:1/0"), workers=1)
    yield running
    running.stop()


@pytest.fixture
def sdk(gateway: Server) -> Iterator[Any]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as client:
        yield client
