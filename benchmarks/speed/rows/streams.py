"""Row 8: delay of the first word of a streamed miss compared with the provider itself."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.litellm import MODEL
from benchmarks.speed.load import Ask

PROVIDER_MS = 50


def run(bench: Bench) -> Iterator[Figure]:
    provider = bench.provider(PROVIDER_MS)
    gateway = bench.gateway(bench.redis(), provider)
    key = {"Authorization": f"Bearer {gateway.key}"}
    asks = {
        "provider": Ask(f"{provider}/chat/completions", "{}"),
        "gateway": Ask(f"{gateway.url}/v1/chat/completions", "{}", key),
    }
    times: dict[str, list[float]] = {name: [] for name in asks}
    for number in range(20 if bench.quick else 150):
        for name, ask in asks.items():
            times[name].append(_first_byte_ms(ask, f"What is {number}?"))
    medians = {name: statistics.median(some[3:]) for name, some in times.items()}
    yield plain(8, "the provider's first byte: p50", medians["provider"], "ms")
    yield at_most(8, "added to it by the gateway", medians["gateway"] - medians["provider"], "ms", 5)


def _first_byte_ms(ask: Ask, question: str) -> float:
    body = {"model": MODEL, "messages": [{"role": "user", "content": question}], "stream": True}
    address = urlsplit(ask.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    began = time.perf_counter()
    connection.request("POST", address.path, json.dumps(body), ask.all_headers)
    response = connection.getresponse()
    response.read(1)
    took = time.perf_counter() - began
    response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{ask.url} answered {response.status}")
    return took * 1000
