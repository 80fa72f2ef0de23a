"""Load generator for machines without `wrk`. It adds about 0.2 ms per request."""

from __future__ import annotations

import http.client
import itertools
import statistics
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from benchmarks.speed.load import Ask


def run(ask: Ask, connections: int, seconds: float, start: int) -> dict[str, float]:
    """Return the fields of `load.Borne`."""
    numbers, times, failures = itertools.count(start + 1), list[float](), list[int]()
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=_ask_until, args=(ask, until, numbers, times, failures)) for _ in range(connections)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    percentiles = statistics.quantiles(times, n=100)
    return {
        "p50_ms": percentiles[49],
        "p99_ms": percentiles[98],
        "per_second": len(times) / (time.perf_counter() - began),
        "failed": len(failures),
    }


def _ask_until(ask: Ask, until: float, numbers: itertools.count[int], times: list[float], failures: list[int]) -> None:
    address = urlsplit(ask.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    while time.perf_counter() < until:
        body = ask.body.replace("{number}", str(next(numbers)))
        began = time.perf_counter()
        connection.request("POST", address.path, body, ask.all_headers)
        response = connection.getresponse()
        response.read()
        times.append((time.perf_counter() - began) * 1000)
        if response.status != 200:
            failures.append(response.status)
    connection.close()
