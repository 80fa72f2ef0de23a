"""Measure how long `cache_flush --llm --yes` blocks Redis with 1,000,000 keys.

A second connection pings meanwhile; the slowest answer counts. Two controls separate the flush from other load: the CPU
time of Redis' main thread during a ping (from the kernel), and pings of another, idle Redis. Run: python
benchmarks/flush.py [keys]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Event, Queue
from multiprocessing.context import ForkProcess as Process
from pathlib import Path

import redis

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from speechsite.tests.support.redis_server import RedisServer

VALUE = '{"v":1,"question":"What is the weather?","answer":"' + "Sunny. " * 40 + '"}'
# Seconds between two pings.
PAUSE = 0.0005


def fill(client: redis.Redis, count: int) -> None:
    for start in range(0, count, 10_000):
        pipeline = client.pipeline(transaction=False)
        for number in range(start, min(start + 10_000, count)):
            pipeline.set(f"llm:exact:{number:064x}", VALUE, ex=3600)
        pipeline.execute()


@contextmanager
def pinged(name: str, server: RedisServer) -> Iterator[None]:
    """Ping `server` from another process during the block, then return the durations."""
    stop = Event()
    times: Queue[list[tuple[float, float]]] = Queue()

    def ping() -> None:
        client, found = server.client(), []
        while not stop.is_set():
            computed, started = milliseconds_on_a_core(server.process.pid), time.perf_counter()
            client.ping()
            waited = (time.perf_counter() - started) * 1000
            found.append((waited, milliseconds_on_a_core(server.process.pid) - computed))
            time.sleep(PAUSE)
        times.put(found)

    process = Process(target=ping)
    process.start()
    try:
        yield
    finally:
        stop.set()
        show(name, times.get())
        process.join()


def milliseconds_on_a_core(pid: int) -> float:
    """CPU time of a process' main thread: the first number of Linux' schedstat, in nanoseconds."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e6


def show(name: str, pings: list[tuple[float, float]]) -> None:
    times, computed = sorted(waited for waited, _ in pings), max(computed for _, computed in pings)
    middle, most = times[len(times) // 2], times[int(len(times) * 0.999)]
    print(
        f"{name:22} {len(times):7,} pings: median {middle:.2f} ms, 99.9 % {most:.2f} ms, slowest {times[-1]:.2f} ms; "
        f"Redis computed at most {computed:.2f} ms meanwhile"
    )


def server_maximum(client: redis.Redis) -> str:
    """Longest command according to Redis' slow log."""
    slowest = max(client.slowlog_get(10_000), key=lambda entry: entry["duration"], default=None)
    if slowest is None:
        return "no command took 0.5 ms inside Redis"
    return f"slowest command inside Redis: {slowest['command'][:12].decode()} {slowest['duration'] / 1000:.2f} ms"


def main(count: int) -> None:
    with RedisServer("--slowlog-log-slower-than", "500", "--slowlog-max-len", "10000") as server, RedisServer() as idle:
        client = server.client()
        fill(client, count)
        client.slowlog_reset()
        with pinged("before the flush", server):
            time.sleep(3)
        environment = {**os.environ, "ENV_FILE": os.devnull, "REDIS_URL": server.url}
        command = [sys.executable, "manage.py", "cache_flush", "--llm", "--yes"]
        started = time.perf_counter()
        with pinged("flush", server), pinged("flush, another Redis", idle):
            subprocess.run(command, env=environment, check=True)
        print(f"{time.perf_counter() - started:.1f} s, {client.dbsize()} keys left; {server_maximum(client)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
