from __future__ import annotations

from collections.abc import Iterator

import pytest

from speech.tests.clients.provider import ToolingOpenAI
from speech.tests.gateway.conftest import environment
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server


@pytest.fixture(scope="session")
def _provider() -> Iterator[ToolingOpenAI]:
    with ToolingOpenAI() as loopback:
        yield loopback


@pytest.fixture(scope="session")
def _redis() -> Iterator[RedisServer]:
    with RedisServer() as redis_server:
        yield redis_server


@pytest.fixture(scope="package")
def _gateway(
    tmp_path_factory: pytest.TempPathFactory, _provider: ToolingOpenAI, _redis: RedisServer
) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("clients")
    running = Server(directory, environment(directory, _provider, _redis.url), workers=2)
    yield running
    running.stop()


@pytest.fixture
def provider(_provider: ToolingOpenAI) -> ToolingOpenAI:
    _provider.reset()
    return _provider


@pytest.fixture
def gateway(_gateway: Server, _redis: RedisServer, provider: ToolingOpenAI) -> Server:
    """A gateway that has nothing stored."""
    _redis.client().flushall()
    return _gateway
