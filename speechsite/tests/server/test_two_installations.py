"""Gateways with a database each on one Redis: equal names, primary keys and questions, and nothing in common.

`--isolation-requests 1000 --timeout 1800` asks a thousand questions of each.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server

SPOKEN = 10
SECRET = "one key for all, as a copied .env has it: 0123456789"


@pytest.fixture(scope="module")
def one_redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def start(one_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    started = []

    def new(name: str, database: Path | None = None, **environment: str) -> Server:
        directory = tmp_path_factory.mktemp(name)
        if database:
            (directory / "db.sqlite3").write_bytes(database.read_bytes())
        environment = {"REDIS_URL": one_redis.url, "SHARED_SCOPE_CLIENTS": "1", "LOG_LEVEL": "WARNING", **environment}
        # Of the first run that made the database.
        (directory / "demo_api_key").write_text("sg_unknown") if database else None
        started.append(Server(directory, environment, workers=1))
        return started[-1]

    yield new
    for server in started:
        server.stop()


def ask_everything(server: Server, key: str, requests: int, *, sharing: bool = True) -> Counter[str]:
    """What `X-Cache` said to each of so many requests."""

    def ask(number: int) -> str:
        headers = {"Authorization": f"Bearer {key}"}
        path, body = "/api/chat/", {"query": f"Which colour does number {number} have?"}
        if number < SPOKEN:
            path, body = "/api/tts/", {"text": f"The number {number} is green."}
        if sharing and number >= requests - SPOKEN:
            # Of the shared scope: nothing in it is personal.
            body = {"query": f"why do {'very ' * (requests - number)}old cats sleep"}
        answer = server.request("POST", path, json=body, headers=headers)
        return answer.headers.get("X-Cache", str(answer.status))

    with ThreadPoolExecutor(8) as threads:
        return Counter(threads.map(ask, range(requests)))


def backup(server: Server, path: Path) -> Path:
    with sqlite3.connect(server.directory / "db.sqlite3") as live, sqlite3.connect(path) as copy:
        live.backup(copy)
    return path


def test_equal_clients_of_two_installations_and_of_a_restored_database_share_nothing(
    start: Callable[..., Server], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    requests = pytestconfig.getoption("--isolation-requests")
    limits = ("--shared-scope", "--requests-per-minute", str(requests), "--daily-entries", str(2 * requests))
    first = start("first", SECRET_KEY=SECRET)
    old = backup(first, tmp_path / "old.sqlite3")
    key = first.new_client("bot", *limits)
    assert ask_everything(first, key, requests) == {"MISS": requests}

    second = start("second", SECRET_KEY=SECRET)
    assert ask_everything(second, second.new_client("bot", *limits), requests) == {"MISS": requests}

    # As it was before the client, so the next one has its primary key and name. What the installation itself shares
    # between clients it finds again.
    restored = start("restored", old, SECRET_KEY=SECRET)
    seen = ask_everything(restored, restored.new_client("bot", *limits[1:]), requests, sharing=False)
    assert seen == {"MISS": requests}

    # A copy of the database with the very same client and API key, and a SECRET_KEY of its own.
    copy = start("copy", backup(first, tmp_path / "copy.sqlite3"))
    assert ask_everything(copy, key, requests) == {"MISS": requests}
