"""Round trips to Redis without what redis-py (8.1) does around them: it times and counts each for OpenTelemetry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from redis import Redis
from redis.client import Pipeline as BasePipeline
from redis.connection import Connection
from redis.exceptions import ResponseError

Sent = tuple[Sequence[Any], Mapping[str, Any]]
"""A command, and what redis-py is told for reading the answer."""


def round_trip(redis: Redis, commands: Sequence[Sent]) -> list[Any]:
    """What Redis answers to `commands`; that it refused one of them is an answer too, a ResponseError.

    Raises what redis-py raises if Redis does not answer.
    """
    connection: Connection = redis.connection_pool.get_connection()

    def answers() -> list[Any]:
        connection.send_packed_command(packed)
        return [_answer(redis, connection, command, options) for (command, *_), options in commands]

    try:
        packed = connection.pack_commands([arguments for arguments, _ in commands])
        return cast("list[Any]", connection.retry.call_with_retry(answers, lambda error: connection.disconnect()))
    except BaseException:
        # Whoever gets this connection next would read the answers that are still to come.
        connection.disconnect()
        raise
    finally:
        redis.connection_pool.release(connection)


def _answer(redis: Redis, connection: Connection, command: Any, options: Mapping[str, Any]) -> Any:
    try:
        return Redis.parse_response(redis, connection, command, **options)
    except ResponseError as error:
        return error


class Pipeline(BasePipeline):
    """What it raises does not name the command, in which texts may stand."""

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        if self.transaction or self.explicit_transaction or self.watching or self.scripts:
            return cast("list[Any]", super().execute(raise_on_error))
        commands, self.command_stack = self.command_stack, []
        answers = round_trip(self, commands) if commands else []
        if raise_on_error:
            for answer in answers:
                if isinstance(answer, ResponseError):
                    raise answer
        return answers
