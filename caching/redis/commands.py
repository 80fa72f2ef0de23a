"""Several commands in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from redis import Redis
from redis.cluster import RedisCluster
from redis.exceptions import ClusterCrossSlotError

# Sends one command with a client, or adds it to a pipeline.
Command = Callable[[Any], object]


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


def delete(redis: Redis, names: Sequence[str]) -> int:
    """Delete keys without blocking Redis. Return how many there were."""
    try:
        return int(redis.unlink(*names)) if names else 0
    except ClusterCrossSlotError:
        # A proxy in front of a cluster, which takes keys of one slot only.
        return int(sum(at_once(redis, [partial(_unlink, name) for name in names])))


def _unlink(name: str, redis: Any) -> object:
    return redis.unlink(name)
