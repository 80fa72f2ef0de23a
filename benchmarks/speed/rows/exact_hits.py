"""Rows 1 to 3: the same question again and again, beside the limit and LiteLLM."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.speed.alternate import measure
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_least, at_most, plain
from benchmarks.speed.limit import key_of
from benchmarks.speed.litellm import MODEL
from benchmarks.speed.load import Ask, Borne

BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "What is a cache?"}]})


def run(bench: Bench) -> Iterator[Figure]:
    contestants = _contestants(bench)
    for connections in (1, 8):
        borne = measure(bench, contestants, connections)
        row = 1 if connections == 1 else 2
        for name, one in borne.items():
            yield plain(row, f"{name}, {connections} connections: p50", one.p50_ms, "ms")
            yield plain(row, f"{name}, {connections} connections", one.per_second, "/s")
            yield plain(row, f"{name}, {connections} connections: processor time a request", one.cpu_ms, "ms")
        yield from (_alone if connections == 1 else _together)(borne)


def _contestants(bench: Bench) -> dict[str, Ask]:
    redis, provider = bench.redis(), bench.provider()
    gateway = bench.gateway(redis, provider)
    key = {"Authorization": f"Bearer {gateway.key}"}
    answer = gateway.request("POST", "/v1/chat/completions", body=BODY, headers={"Content-Type": "application/json"})
    redis.client().set(key_of(BODY.encode()), answer.data)
    contestants = {
        "limit": bench.limit(redis, BODY),
        "/v1/chat/completions": Ask(f"{gateway.url}/v1/chat/completions", BODY, key, gateway.process.pid),
        "/api/chat/": Ask(
            f"{gateway.url}/api/chat/", json.dumps({"query": "What is a cache?"}), key, gateway.process.pid
        ),
    }
    if not bench.quick and bench.has_litellm:
        contestants["LiteLLM"] = bench.litellm(redis, provider).ask(BODY)
    return contestants


def _alone(borne: dict[str, Borne]) -> Iterator[Figure]:
    limit, v1, api = (borne[name].p50_ms for name in ("limit", "/v1/chat/completions", "/api/chat/"))
    yield at_most(1, "exact hit over the limit, p50", v1 / limit, "times", 2.5)
    if "LiteLLM" in borne:
        yield at_most(1, "exact hit over LiteLLM, p50", v1 / borne["LiteLLM"].p50_ms, "times", 0.1)
    yield at_most(3, "`/api/chat/` over `/v1`, p50", api / v1, "times", 1.3)


def _together(borne: dict[str, Borne]) -> Iterator[Figure]:
    v1 = borne["/v1/chat/completions"].per_second
    yield at_least(2, "requests/s of the limit's", 100 * v1 / borne["limit"].per_second, "%", 40)
    if "LiteLLM" in borne:
        yield at_least(2, "requests/s over LiteLLM's", v1 / borne["LiteLLM"].per_second, "times", 12)
