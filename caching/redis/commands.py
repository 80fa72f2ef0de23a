"""Several commands in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from redis import Redis
from redis.cluster import RedisCluster

Command = Callable[[Any], object]
"""Sends one command by the client that it is given; a pipeline sends it with others."""


def at_once(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """What Redis answers to `commands`. In a cluster they run in no order."""
    pipeline = redis.pipeline(transaction=False)
    for command in commands:
        command(pipeline)
    # redis-py would put the command, and so texts, into the message of what it raises.
    answers = pipeline.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def in_order(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """The same, one after the other: in a cluster, whose nodes know nothing of each other, in a trip each."""
    if len(commands) == 1 or isinstance(redis, RedisCluster):
        return [command(redis) for command in commands]
    return at_once(redis, commands)
