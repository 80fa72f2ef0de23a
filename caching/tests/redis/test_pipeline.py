"""Our own round trips give what redis-py's give, and leave nothing unread, with real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import DataError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from caching.redis.backend import redis_cache
from caching.redis.client import Client, ConnectionPool
from speechsite.tests.support.redis_server import RedisServer

SECRET = "a text that nobody else may read"

COMMANDS: dict[str, Callable[[Any], object]] = {
    "a value": lambda redis: redis.set("a", "1", ex=60),
    "not set": lambda redis: redis.set("a", "2", nx=True),
    "the value": lambda redis: redis.get("a"),
    "no value": lambda redis: redis.get("none"),
    "a large value": lambda redis: redis.set("large", b"\x00\r\n" * 100_000),
    "the large value": lambda redis: redis.get("large"),
    "a number": lambda redis: redis.incrby("number", 3),
    "a fraction": lambda redis: redis.incrbyfloat("fraction", 0.5),
    "other letters": lambda redis: redis.set("नमस्ते", "नमस्ते", get=True),
    "an empty value": lambda redis: redis.set(b"empty", b""),
    "a memoryview": lambda redis: redis.set("view", memoryview(b"123")),
    "whether": lambda redis: redis.pexpire("a", 50_000),
    "how many": lambda redis: redis.unlink("large", "none"),
    "a set": lambda redis: redis.sadd("set", "one"),
    "of a set": lambda redis: redis.smembers("set"),
    "a hash": lambda redis: redis.hset("hash", mapping={"one": 1, "two": 2}),
    "of a hash": lambda redis: redis.hgetall("hash"),
    "scores": lambda redis: redis.zadd("scores", {"one": 1, "two": 2.5}),
    "of scores": lambda redis: redis.zrange("scores", 0, -1, withscores=True),
    "an event": lambda redis: redis.xadd("events", {b"e": b"1"}, id="1-1"),
    "events": lambda redis: redis.xrange("events"),
    "a script's number": lambda redis: redis.eval("return 1", 0),
    "a script's nothing": lambda redis: redis.eval("return nil", 1, "a"),
    "a script's list": lambda redis: redis.eval("return {1, 'two', {ARGV[1]}}", 0, "three"),
    "two words": lambda redis: redis.config_get("maxmemory"),
    "keys": lambda redis: redis.scan(match="a*"),
    "there?": lambda redis: redis.exists("a", "none"),
}


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def client_of(server: RedisServer, **options: Any) -> Client:
    ours = redis_cache(server.url, "JSONSerializer", 1000, "", 0)["OPTIONS"]["CONNECTION_POOL_KWARGS"]
    return Client(connection_pool=ConnectionPool(host="127.0.0.1", port=server.port, **{**ours, **options}))


@pytest.fixture
def client(server: RedisServer) -> Client:
    return client_of(server)


def in_one_trip(client: redis.Redis, commands: list[Callable[[Any], object]], **options: Any) -> list[Any]:
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        command(pipeline)
    return pipeline.execute(**options)


@pytest.mark.parametrize("protocol", [2, 3])
def test_answers_are_those_of_redis_py(server: RedisServer, protocol: int) -> None:
    client, other = client_of(server, protocol=protocol), server.client(protocol=protocol)
    commands = list(COMMANDS.values())
    expected = [command(other) for command in commands]
    other.flushall()
    assert [command(client) for command in commands] == expected
    other.flushall()
    assert in_one_trip(client, commands) == expected
    assert in_one_trip(client, []) == []


def test_all_commands_of_a_pipeline_go_together(server: RedisServer, client: Client) -> None:
    client.ping()
    other = server.client()
    [before] = [one for one in other.client_list() if one["cmd"] == "ping"]
    reads = other.info("stats")["total_reads_processed"]
    in_one_trip(client, [command for name, command in COMMANDS.items() if name != "a large value"])
    # One that brought all of them, and one that asks for the number.
    assert other.info("stats")["total_reads_processed"] == reads + 2
    assert [one["id"] for one in other.client_list() if one["cmd"] == "exists"] == [before["id"]]
    assert client.connection_pool._created_connections == 1


def test_what_is_refused_is_raised_without_texts_and_all_is_read(client: Client) -> None:
    client.set("a", "1")
    commands = [lambda redis: redis.get("a"), lambda redis: redis.lpush("a", SECRET), lambda redis: redis.incr("a")]
    for ask in (lambda: in_one_trip(client, commands), lambda: client.lpush("a", SECRET)):
        with pytest.raises(ResponseError, match="wrong kind") as raised:
            ask()
        assert SECRET not in repr(raised.value) and raised.value.__context__ is None
        assert client.echo("still here") == b"still here"
    one, refused, two = in_one_trip(client, commands, raise_on_error=False)
    assert (one, two) == (b"2", 3) and isinstance(refused, ResponseError)
    assert client.get("a") == b"3"


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(server: RedisServer, client: Client) -> None:
    for ask in (lambda: client.incr("a"), lambda: in_one_trip(client, [lambda redis: redis.incr("a")])[0]):
        first = ask()
        server.client().client_kill_filter(_type="normal")
        assert ask() == first + 1


def test_a_redis_that_is_away_is_told_and_found_again(server: RedisServer, client: Client) -> None:
    client.set("a", "1")
    server.kill()
    for ask in (lambda: client.get("a"), lambda: in_one_trip(client, [lambda redis: redis.get("a")])):
        with pytest.raises(RedisConnectionError):
            ask()
    server.start()
    assert client.set("a", "2") and in_one_trip(client, [lambda redis: redis.get("a")]) == [b"2"]


def test_an_answer_that_comes_too_late_is_given_to_nobody(server: RedisServer) -> None:
    client = client_of(server, socket_timeout=0.2)
    client.set("a", "1")
    for ask in (lambda: client.get("a"), lambda: in_one_trip(client, [lambda redis: redis.get("a")] * 3)):
        server.pause()
        with pytest.raises(RedisTimeoutError):
            ask()
        server.resume()
        assert client.echo("mine") == b"mine"


def test_an_answer_that_cannot_be_read_leaves_the_others_to_nobody(client: Client) -> None:
    def fail(answer: object, **options: Any) -> None:
        raise ValueError("unreadable")

    client.set("a", "1")
    client.set_response_callback("GET", fail)
    with pytest.raises(ValueError, match="unreadable"):
        in_one_trip(client, [lambda redis: redis.get("a"), lambda redis: redis.echo("theirs")])
    assert client.echo("mine") == b"mine"


def test_what_redis_cannot_be_told_is_not_sent(client: Client) -> None:
    for value, error in ((None, DataError), ("\ud800", UnicodeEncodeError)):
        with pytest.raises(error):
            client.set("a", value)  # type: ignore[arg-type]
        pipeline: Any = client.pipeline(transaction=False)
        with pytest.raises(error):
            pipeline.ping().set("a", value).execute()
        assert client.echo("mine") == b"mine"


def test_transactions_and_scripts_are_left_to_redis_py(client: Client) -> None:
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
