"""A Redis Cluster behind django-redis, which has no class for one.

Every command of this project names one key, or many that redis-py sends to each node its own, so nothing else differs
but how a connection is made and how all keys are walked over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from redis import Redis
from redis.cluster import ClusterNode, RedisCluster

from caching.redis.url import node_url, nodes


class ConnectionFactory:
    """django-redis' CONNECTION_FACTORY. One client a process: it has its own pools, and knows which node has what."""

    _clients: ClassVar[dict[str, RedisCluster]] = {}

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options

    def connect(self, url: str) -> RedisCluster:
        """Asks the first node that answers for all others. Raises redis' errors if none does."""
        # Without a lock: while no node answers, threads would wait for each other's time-outs. The first one wins.
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
            # What lies on nodes that answer is served while others do not.
            require_full_coverage=False,
            **self._options["CONNECTION_POOL_KWARGS"],
        )


def size(client: Redis) -> int:
    """How many keys there are, on all primaries."""
    if not isinstance(client, RedisCluster):
        return int(client.dbsize())
    return sum(node.redis_connection.dbsize() for node in client.get_primaries() if node.redis_connection)


def scan(client: Redis, cursor: int, *, match: str, count: int) -> tuple[int, list[bytes]]:
    """One step of SCAN over one Redis, or over all primaries of a cluster one after the other; 0 is begin and end.

    A cluster's cursor holds the node's number too: `cursor of the node * nodes + number`.
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
