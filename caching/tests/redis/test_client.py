"""What our client and pool change of redis-py's, with real servers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from redis._parsers import _RESP3Parser
from redis.client import Pipeline as BasePipeline
from redis.connection import AbstractConnection
from redis.connection import ConnectionPool as BasePool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import DataError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from caching.redis.backend import redis_cache
from caching.redis.client import ConnectionPool, RedisClient
from speechsite.tests.support.redis_server import RedisServer

SECRET = "a text that nobody else may read"

Ask = Callable[[RedisClient], Any]
ASKS: dict[str, Ask] = {
    "a hit's GET": lambda client: client.read("a", bytes),
    "a command": lambda client: client.get("a"),
    "a pipeline": lambda client: in_one_trip(client, [lambda redis: redis.get("a")] * 3)[0],
}


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def client_of(server: RedisServer, **options: Any) -> RedisClient:
    ours = redis_cache(server.url, "JSONSerializer", 1000, "", 0)["OPTIONS"]["CONNECTION_POOL_KWARGS"]
    return RedisClient(connection_pool=ConnectionPool(host="127.0.0.1", port=server.port, **{**ours, **options}))


@pytest.fixture
def client(server: RedisServer) -> RedisClient:
    return client_of(server)


def in_one_trip(client: redis.Redis, commands: list[Callable[[Any], object]], **options: Any) -> list[Any]:
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        command(pipeline)
    return pipeline.execute(**options)


@pytest.fixture(params=ASKS)
def ask(request: pytest.FixtureRequest) -> Ask:
    return ASKS[request.param]


def test_the_value_is_read_and_so_is_that_there_is_none(client: RedisClient, ask: Ask) -> None:
    assert ask(client) is None
    client.set("a", b"\x00\r\n" * 100_000)
    assert ask(client) == b"\x00\r\n" * 100_000


def test_a_connection_that_was_closed_meanwhile_is_opened_again(
    server: RedisServer, client: RedisClient, ask: Ask
) -> None:
    client.set("a", "1")
    server.client().client_kill_filter(_type="normal")
    assert ask(client) == b"1"


def test_a_redis_that_is_gone_is_an_error_and_it_is_found_again(
    server: RedisServer, client: RedisClient, ask: Ask
) -> None:
    client.set("a", "1")
    server.kill()
    with pytest.raises(RedisConnectionError):
        ask(client)
    server.start()
    assert client.set("a", "2") and ask(client) == b"2"


def test_an_answer_that_comes_too_late_is_given_to_nobody(server: RedisServer, ask: Ask) -> None:
    client = client_of(server, socket_timeout=0.2)
    client.set("a", "1")
    server.pause()
    with pytest.raises(RedisTimeoutError):
        ask(client)
    server.resume()
    assert client.echo("mine") == b"mine"


def test_a_value_of_another_type_is_refused_and_the_connection_is_kept(client: RedisClient, ask: Ask) -> None:
    client.lpush("a", "1")
    with pytest.raises(ResponseError, match="wrong kind"):
        ask(client)
    assert client.echo("mine") == b"mine"
    assert client.connection_pool._created_connections == 1


def test_a_pipeline_is_one_packet_on_one_connection(server: RedisServer, client: RedisClient) -> None:
    client.ping()
    other = server.client()
    reads = other.info("stats")["total_reads_processed"]
    in_one_trip(client, [lambda redis: redis.set("a", "1", ex=60)] * 50)
    # One that brought all of them, and one that asks for the number.
    assert other.info("stats")["total_reads_processed"] == reads + 2
    assert client.connection_pool._created_connections == 1


def test_a_refused_command_is_raised_without_texts_and_all_answers_are_read(client: RedisClient) -> None:
    client.set("a", "1")
    commands = [lambda redis: redis.get("a"), lambda redis: redis.lpush("a", SECRET), lambda redis: redis.incr("a")]
    for refused in (lambda: in_one_trip(client, commands), lambda: client.lpush("a", SECRET)):
        with pytest.raises(ResponseError, match="wrong kind") as raised:
            refused()
        assert SECRET not in repr(raised.value) and raised.value.__context__ is None
        assert client.echo("still here") == b"still here"
    one, error, two = in_one_trip(client, commands, raise_on_error=False)
    assert (one, two) == (b"2", 3) and isinstance(error, ResponseError)
    assert client.get("a") == b"3"


def test_an_answer_that_cannot_be_read_leaves_the_others_to_nobody(client: RedisClient) -> None:
    def fail(answer: object, **options: Any) -> None:
        raise ValueError("unreadable")

    client.set("a", "1")
    client.set_response_callback("GET", fail)
    with pytest.raises(ValueError, match="unreadable"):
        in_one_trip(client, [lambda redis: redis.get("a"), lambda redis: redis.echo("theirs")])
    assert client.echo("mine") == b"mine"


def test_a_value_that_cannot_be_encoded_is_not_sent(client: RedisClient) -> None:
    for value, error in ((None, DataError), ("\ud800", UnicodeEncodeError)):
        with pytest.raises(error):
            client.set("a", value)  # type: ignore[arg-type]
        pipeline: Any = client.pipeline(transaction=False)
        with pytest.raises(error):
            pipeline.ping().set("a", value).execute()
        assert client.echo("mine") == b"mine"


def test_transactions_and_scripts_work(client: RedisClient) -> None:
    with client.pipeline() as pipeline:
        pipeline.watch("a")
        assert pipeline.get("a") is None
        pipeline.multi()
        pipeline.set("a", "1")
        pipeline.get("a")
        assert pipeline.execute() == [True, b"1"]
    script = client.register_script("return ARGV[1]")
    assert script(args=["one"]) == b"one"
    with client.pipeline(transaction=False) as pipeline:
        script(args=["two"], client=pipeline)
        assert pipeline.execute() == [b"two"]


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (BasePool.get_connection, ["self._checkpid()", "with self._lock:", "self.make_connection()"]),
        (BasePool.get_connection, ["self._available_connections", "self._in_use_connections"]),
        (BasePool.release, ["self._checkpid()", "with self._lock:"]),
        (BasePool.release, ["self._available_connections", "self._in_use_connections"]),
        (BasePipeline.execute, ["self.command_stack", "if self.scripts:", "self.load_scripts()"]),
        (BasePipeline.pipeline_execute_command, ["self.command_stack.append((args, options))"]),
        (
            BasePipeline._execute_pipeline,
            ["connection.send_packed_command(", "self.parse_response(connection, args[0]"],
        ),
        (_RESP3Parser.set_invalidation_push_handler, ["self.invalidation_push_handler_func = "]),
        (AbstractConnection.disconnect, ["self._sock"]),
    ],
)
def test_an_upgrade_of_redis_py_keeps_the_private_names_that_are_used(where: Any, names: list[str]) -> None:
    source = inspect.getsource(where)
    assert [name for name in names if name not in source] == []


def test_the_pool_hands_out_the_connection_used_last_and_closes_it_with_the_others(client: RedisClient) -> None:
    pool = client.connection_pool
    first, second = pool.get_connection(), pool.get_connection()
    pool.release(second)
    pool.release(first)
    assert pool.get_connection() is first
    pool.disconnect()
    assert first._sock is None and second._sock is None
