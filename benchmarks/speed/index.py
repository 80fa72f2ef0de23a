"""Fill the index of a running gateway."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server

# SEMANTIC_MAX_ENTRIES of a gateway that is filled here.
MAX_ENTRIES = "200000"
PATIENCE_SECONDS = 180.0


def scope_of(redis: RedisServer) -> str:
    """Scope of the existing entries: all come from one client and one kind of request."""
    return next(key.decode().split(":")[2] for key in redis.client().scan_iter("llm:semantic:*"))


def fill(redis: RedisServer, scope: str, count: int, max_entries: int = int(MAX_ENTRIES)) -> None:
    environment = {**os.environ, "REDIS_URL": redis.url, "SEMANTIC_MAX_ENTRIES": str(max_entries)}
    subprocess.run([sys.executable, "-m", "benchmarks.speed.seed", scope, str(count)], env=environment, check=True)


def wait_until_known(gateway: Server, count: int) -> float:
    """Wait until all workers have loaded this many entries. Return the seconds."""
    began = time.perf_counter()
    while gateway.metric("semantic_index_entries") < count:
        if time.perf_counter() - began > PATIENCE_SECONDS:
            raise RuntimeError(f"the index has not reached {count} entries")
        time.sleep(0.05)
    return time.perf_counter() - began
