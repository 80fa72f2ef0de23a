"""How long `cache_flush --llm --yes` keeps Redis from answering others, with 1,000,000 keys in it.

A second connection pings all the time meanwhile; what counts is its slowest answer, less what the same connection sees
on an idle server. Run: python benchmarks/flush.py [keys]
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import redis

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from speechsite.tests.redis_server import RedisServer

VALUE = '{"v":1,"question":"What is the weather?","answer":"' + "Sunny. " * 40 + '"}'


def fill(client: redis.Redis, count: int) -> None:
    for start in range(0, count, 10_000):
        pipeline = client.pipeline(transaction=False)
        for number in range(start, min(start + 10_000, count)):
            pipeline.set(f"llm:exact:{number:064x}", VALUE, ex=3600)
        pipeline.execute()


def slowest_while(client: redis.Redis, busy: threading.Event) -> list[float]:
    """Milliseconds of every ping until `busy` is cleared."""
    times = []
    while busy.is_set():
        started = time.perf_counter()
        client.ping()
        times.append((time.perf_counter() - started) * 1000)
        time.sleep(0.0005)
    return sorted(times)


def measured(client: redis.Redis, work: object) -> list[float]:
    busy, result = threading.Event(), []
    busy.set()
    thread = threading.Thread(target=lambda: result.extend(slowest_while(client, busy)))
    thread.start()
    work()  # type: ignore[operator]
    busy.clear()
    thread.join()
    return result


def show(name: str, times: list[float]) -> None:
    middle, most = times[len(times) // 2], times[int(len(times) * 0.999)]
    print(f"{name:8} {len(times):7,} pings: median {middle:.2f} ms, 99.9 % {most:.2f} ms, slowest {times[-1]:.2f} ms")


def server_maximum(client: redis.Redis) -> str:
    """The longest that any command took inside Redis, from its own slow log."""
    slowest = max(client.slowlog_get(10_000), key=lambda entry: entry["duration"], default=None)
    if slowest is None:
        return "no command took 0.5 ms inside Redis"
    return f"slowest command inside Redis: {slowest['command'][:12].decode()} {slowest['duration'] / 1000:.2f} ms"


def main(count: int) -> None:
    with RedisServer("--slowlog-log-slower-than", "500", "--slowlog-max-len", "10000") as server:
        client = server.client()
        fill(client, count)
        client.slowlog_reset()
        show("idle", measured(server.client(), lambda: time.sleep(3)))
        environment = {**os.environ, "ENV_FILE": os.devnull, "REDIS_URL": server.url}
        command = [sys.executable, "manage.py", "cache_flush", "--llm", "--yes"]
        started = time.perf_counter()
        show("flush", measured(server.client(), lambda: subprocess.run(command, env=environment, check=True)))
        print(f"{time.perf_counter() - started:.1f} s, {client.dbsize()} keys left; {server_maximum(client)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
