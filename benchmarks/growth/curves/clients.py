"""Clients with keys of their own that ask one after the other, each for an answer of its own."""

from __future__ import annotations

import http.client
import itertools
import json
import statistics
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.growth import commands
from benchmarks.growth.curve import Curve
from benchmarks.speed.bench import Bench
from benchmarks.speed.processes import cpu_seconds, only_worker, pss_mb
from speechsite.tests.support.databases import new_sqlite
from speechsite.tests.support.server import Server

CLIENTS = (1, 10, 100, 1_000, 10_000)
MIN_REQUESTS = 500


def run(bench: Bench) -> list[Curve]:
    sizes = CLIENTS[:4] if bench.quick else CLIENTS
    directory = bench.directory()
    new_sqlite(directory)
    keys, writing = create(directory, sizes)
    gateway = bench.gateway(bench.redis(), bench.provider(), VAR_DIR=str(directory))
    hit = Curve("CPU of a hit", "clients that ask", "ms", "keys in use are read again together")
    waited = Curve("a hit, p50", "clients that ask", "ms", "the same")
    miss = Curve("CPU of a miss", "clients that ask", "ms", "the same, and its own rows of totals")
    memory = Curve("memory of a worker", "clients that ask", "MB", "keys, plans of bodies and scopes, all bounded")
    numbers = itertools.count()
    for size in sizes:
        some = keys[:size]
        asked = max(size, MIN_REQUESTS)
        new = (f"What is {next(numbers)}?" for _ in range(MIN_REQUESTS))
        miss.add(size, RoundRobin(gateway, some[:: max(1, size // MIN_REQUESTS)]).take(new).cpu_ms)
        # The first round stores, where a client has not asked this before.
        RoundRobin(gateway, some).take("What is a cache?" for _ in some)
        took = RoundRobin(gateway, some).take("What is a cache?" for _ in range(asked))
        hit.add(size, took.cpu_ms)
        waited.add(size, took.p50_ms)
        memory.add(size, pss_mb(only_worker(gateway.process.pid)))
    used = Curve("writing when keys were used, once a minute", "clients that ask", "ms", "a statement for each second")
    used.points = writing
    return [hit, waited, miss, memory, used]


def create(directory: Path, sizes: Iterable[int]) -> tuple[list[str], list[tuple[float, float]]]:
    """Return the keys of as many clients as the largest size, and how long it takes to write that they were used."""
    found = json.loads(commands.run("fill_clients", directory, *sizes))
    return found["keys"], [(size, milliseconds) for size, milliseconds in found["writing"]]


class RoundRobin:
    """Requests over one connection, each by the next client."""

    def __init__(self, gateway: Server, keys: list[str]) -> None:
        self._gateway, self._keys = gateway, itertools.cycle(keys)
        self.p50_ms = self.cpu_ms = 0.0

    def take(self, questions: Iterable[str]) -> RoundRobin:
        before = cpu_seconds(self._gateway.process.pid)
        times = list(self._times(questions))
        self.cpu_ms = 1000 * (cpu_seconds(self._gateway.process.pid) - before) / len(times)
        self.p50_ms = statistics.median(times)
        return self

    def _times(self, questions: Iterable[str]) -> Iterator[float]:
        connection = http.client.HTTPConnection(urlsplit(self._gateway.url).netloc, timeout=30)
        for question, key in zip(questions, self._keys, strict=False):
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            began = time.perf_counter()
            connection.request("POST", "/api/chat/", json.dumps({"query": question}), headers)
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise RuntimeError(f"a client was answered {response.status}")
            yield (time.perf_counter() - began) * 1000
        connection.close()
