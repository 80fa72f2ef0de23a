"""Round trips to Redis without what redis-py (8.1) does around them and costs as much as they: it times each, counts
it for OpenTelemetry, and puts what it sends together piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis import Redis
from redis.client import Pipeline as BasePipeline
from redis.connection import Connection
from redis.exceptions import ResponseError

Sent = tuple[Sequence[Any], Mapping[str, Any]]
"""A command, and what redis-py wants to know when it reads the answer."""


def round_trip(redis: Redis, commands: Sequence[Sent]) -> list[Any]:
    """What Redis answers to `commands`. That it refused one of them is an answer too: a ResponseError.

    Raises what redis-py raises if Redis does not answer.
    """
    connection: Connection = redis.connection_pool.get_connection()

    def ask() -> list[Any]:
        connection.send_packed_command([packed])
        return [_answer(redis, connection, words[0], options) for words, options in commands]

    try:
        packed = _packed(commands, connection.encoder.encode)
        return connection.retry.call_with_retry(ask, lambda error: connection.disconnect())
    except BaseException:
        # Whoever gets this connection next would be given the answers that nobody has read.
        connection.disconnect()
        raise
    finally:
        redis.connection_pool.release(connection)


def _packed(commands: Sequence[Sent], encode: Callable[[Any], bytes]) -> bytes:
    pieces = []
    for (name, *rest), _ in commands:
        # redis-py gives a name of several words, as CLIENT LIST has, in one.
        words = [*name.split(), *rest]
        pieces.append(b"*%d\r\n" % len(words))
        for word in words:
            data = word.encode() if type(word) is str else encode(word)
            pieces += (b"$%d\r\n" % len(data), data, b"\r\n")
    return b"".join(pieces)


def _answer(redis: Redis, connection: Connection, name: Any, options: Mapping[str, Any]) -> Any:
    try:
        return Redis.parse_response(redis, connection, name, **options)
    except ResponseError as error:
        return error


class Pipeline(BasePipeline):
    """Of commands that are no transaction. What it raises does not name the command, in which texts may stand."""

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        if self.watching or self.explicit_transaction or self.scripts:
            return super().execute(raise_on_error)
        commands, self.command_stack = self.command_stack, []
        answers = round_trip(self, commands) if commands else []
        refused = [answer for answer in answers if isinstance(answer, ResponseError)]
        if refused and raise_on_error:
            raise refused[0]
        return answers
