"""Several commands in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from redis import Redis
from redis.cluster import RedisCluster

# Sends one command with a client, or adds it to a pipeline.
Command = Callable[[Any], object]


def deleting(name: str) -> Command:
    """Return the command that deletes `name` without blocking Redis."""
    return lambda redis: redis.unlink(name)


def at_once(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """Send `commands` in one round trip and return their answers. In a cluster their order is undefined."""
    if len(commands) == 1:
        return [commands[0](redis)]
    pipeline = redis.pipeline(transaction=False)
    for command in commands:
        command(pipeline)
    # redis-py would put the command, and so users' texts, into the message of the error.
    answers = pipeline.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def in_order(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """Send `commands` in their order: in one round trip, but in one each in a cluster, whose nodes are independent."""
    if isinstance(redis, RedisCluster):
        return [command(redis) for command in commands]
    return at_once(redis, commands)
