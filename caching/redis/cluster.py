"""Redis Cluster for django-redis, which has no class for one.

redis-py routes every command of this project by its key; only connecting and scanning differ.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from redis import Redis
from redis.cluster import ClusterNode, RedisCluster
from redis.connection import ConnectionPool
from redis.exceptions import ClusterDownError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from caching.redis.errors import CANNOT_SAVE, explain
from caching.redis.url import node_url, nodes

# A node that failed is not asked again so long: else each command for its slots would wait for a time-out.
PAUSE_SECONDS = 1.0


class NodePool(ConnectionPool):
    """Connections to one node, which are refused for PAUSE_SECONDS after one of them failed."""

    _paused_until = float("-inf")
    _failure = ""

    def get_connection(self, *args: Any, **options: Any) -> Any:
        if time.monotonic() < self._paused_until:
            raise RedisConnectionError(f"This node of the cluster failed a moment ago. {self._failure}")
        try:
            return super().get_connection(*args, **options)
        except (RedisConnectionError, RedisTimeoutError) as error:
            self._paused_until, self._failure = time.monotonic() + PAUSE_SECONDS, str(error)
            raise

    def release(self, connection: Any) -> None:
        # redis-py disconnects one that failed before it gives it back.
        if not connection.is_connected:
            self._paused_until, self._failure = time.monotonic() + PAUSE_SECONDS, ""
        super().release(connection)


class ConnectionFactory:
    """django-redis' CONNECTION_FACTORY: one client per process, which knows the nodes and has their pools."""

    _clients: ClassVar[dict[str, RedisCluster]] = {}

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options

    def connect(self, url: str) -> RedisCluster:
        """Return the client, connected by the first node that answers. Raises redis' errors if none does."""
        # No lock: while no node answers, threads would wait for each other's time-outs. The first one wins.
        return self._clients.get(url) or self._clients.setdefault(url, self._made(url))

    def disconnect(self, connection: RedisCluster) -> None:
        connection.disconnect_connection_pools()

    def _made(self, url: str) -> RedisCluster:
        first, *others = nodes(url)
        return RedisCluster.from_url(
            node_url(url, *first),
            startup_nodes=[ClusterNode(host, port) for host, port in others],
            socket_timeout=self._options["SOCKET_TIMEOUT"],
            socket_connect_timeout=self._options["SOCKET_CONNECT_TIMEOUT"],
            # Serve what is on the nodes that answer while others do not.
            require_full_coverage=False,
            connection_pool_class=NodePool,
            **self._options["CONNECTION_POOL_KWARGS"],
        )


def ping(client: Redis) -> None:
    """Raise redis' error unless `client` can be read: of a cluster, unless some node serves its slots.

    A node answers a plain PING while its cluster is down. A Redis that cannot save refuses it as if it were a write.
    """
    if not isinstance(client, RedisCluster):
        try:
            client.ping()
        except ResponseError as error:
            if explain(error) is not CANNOT_SAVE:
                raise
        return
    failure: Exception = ClusterDownError("no node serves its slots")
    for node in client.get_primaries():
        try:
            info = client.execute_command("CLUSTER INFO", target_nodes=node)
        except (RedisError, OSError) as error:
            failure = error
            continue
        if info["cluster_state"] == "ok":
            return
    raise failure


def size(client: Redis) -> int:
    """Return the number of keys on all primaries."""
    if not isinstance(client, RedisCluster):
        return int(client.dbsize())
    return sum(node.redis_connection.dbsize() for node in client.get_primaries() if node.redis_connection)


def scan(client: Redis, cursor: int, *, match: str, count: int) -> tuple[int, list[bytes]]:
    """Run one step of SCAN over one Redis, or over the primaries of a cluster in turn. Cursor 0 is start and end.

    The cursor of a cluster is `cursor of the node * nodes + number of the node`.
    """
    if not isinstance(client, RedisCluster):
        return cast("tuple[int, list[bytes]]", client.scan(cursor, match=match, count=count))
    primaries = sorted(client.get_primaries(), key=lambda node: str(node.name))
    place, number = divmod(cursor, len(primaries))
    places, found = client.scan(place, match=match, count=count, target_nodes=primaries[number])
    place = next(iter(places.values()))
    if place:
        return place * len(primaries) + number, found
    return (number + 1) % len(primaries), found
