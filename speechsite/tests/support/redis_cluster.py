"""Real Redis servers that work together: a cluster of three, and a primary with a replica and a sentinel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import redis

from speechsite.server.private_redis import free_port
from speechsite.tests.support.redis_server import RedisServer, tls_options
from speechsite.tests.support.waiting import wait_until

SLOTS = 16384
FOUND_SECONDS = 60.0
"""In which the servers find each other."""
FAST = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000")


class _Servers:
    """As a context manager it ends them all."""

    servers: list[RedisServer]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self.servers:
            server.close()


class RedisCluster(_Servers):
    """Three primaries without replicas."""

    def __init__(self, binary: str | None = None) -> None:
        # The bus' port is 10,000 above the other unless it is given, which may be more than there are.
        buses = [free_port() for _ in range(3)]
        self.servers = [RedisServer(*FAST, "--cluster-port", str(bus), binary=binary) for bus in buses]
        for number, client in enumerate(self.clients()):
            first, last = number * SLOTS // 3, (number + 1) * SLOTS // 3 - 1
            client.execute_command("CLUSTER ADDSLOTS", *range(first, last + 1))
            client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            client.execute_command("CLUSTER MEET", "127.0.0.1", self.servers[0].port, buses[0])
        wait_until(lambda: all(self._sees_all(client) for client in self.clients()), FOUND_SECONDS)

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in self.servers) + "/0"

    def clients(self) -> Sequence[redis.Redis]:
        return [server.client() for server in self.servers]

    def empty(self) -> None:
        for client in self.clients():
            client.flushall()

    def state_of(self, number: int) -> str:
        """What one node thinks of all: `ok` or `fail`."""
        info: dict[str, str] = self.servers[number].client().execute_command("CLUSTER INFO")
        return info["cluster_state"]

    def _sees_all(self, client: redis.Redis) -> bool:
        info = client.execute_command("CLUSTER INFO")
        return bool(info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) == 3)


class WatchedRedis(_Servers):
    """A primary, its replica, and one sentinel that fails over within seconds.

    `tls`: certificate and key, with which all three speak TLS alone.
    """

    def __init__(self, tls: tuple[Path, Path] | None = None) -> None:
        self._certificate = tls[0] if tls else None
        secret = tls_options(*tls) if tls else []
        # Else a new replica waits for five seconds, for others that might come.
        self.primary = RedisServer("--repl-diskless-sync-delay", "0", *secret, tls=bool(tls))
        self.replica = RedisServer("--replicaof", "127.0.0.1", str(self.primary.port), *secret, tls=bool(tls))
        self.sentinel = RedisServer("--sentinel", *secret, tls=bool(tls), configured=True)
        self.servers = [self.primary, self.replica, self.sentinel]
        # django-redis keeps its connections by this name alone.
        self.service = f"gateway-{self.primary.port}"
        client = self.sentinel.client(
            **({"host": "127.0.0.1", "ssl": True, "ssl_ca_certs": str(tls[0])} if tls else {})
        )
        client.sentinel_monitor(self.service, "127.0.0.1", self.primary.port, 1)
        client.sentinel_set(self.service, "down-after-milliseconds", 1000)
        client.sentinel_set(self.service, "failover-timeout", 5000)
        wait_until(
            lambda: int(cast("dict[str, Any]", client.sentinel_master(self.service))["num-slaves"]) == 1, FOUND_SECONDS
        )

    @property
    def url(self) -> str:
        where = f"127.0.0.1:{self.sentinel.port}/{self.service}/0"
        tls = self._certificate
        return f"rediss+sentinel://{where}?ssl_ca_certs={tls}" if tls else f"redis+sentinel://{where}"
