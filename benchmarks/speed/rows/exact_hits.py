"""Rows 1 to 3: a repeated question, through both endpoints, compared with the baseline and LiteLLM."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.speed.alternate import Rounds, measure, p50, throughput
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_least, at_most, plain
from benchmarks.speed.limit import key_of
from benchmarks.speed.load import MODEL, Ask

V1, OWN = "/v1/chat/completions", "/api/chat/"
# The client-side cache keeps only entries read twice within a second.
FROM_REDIS = f"{V1}, each time from Redis"
BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "What is a cache?"}]})


def run(bench: Bench) -> Iterator[Figure]:
    contestants = _contestants(bench)
    for connections in (1, 8):
        rounds = measure(bench, contestants, connections)
        row = 1 if connections == 1 else 2
        for name in contestants:
            one = rounds.median(name)
            yield plain(row, f"{name}, {connections} connections: p50", one.p50_ms, "ms")
            yield plain(row, f"{name}, {connections} connections", one.per_second, "/s")
            yield plain(row, f"{name}, {connections} connections: processor time a request", one.cpu_ms, "ms")
        yield from (_alone if connections == 1 else _together)(rounds)


def _contestants(bench: Bench) -> dict[str, Ask]:
    redis, provider = bench.redis(), bench.provider()
    gateway = bench.gateway(redis, provider)
    key = {"Authorization": f"Bearer {gateway.key}"}
    asking = bench.gateway(redis, provider, NEAR_CACHE_MB="0")
    answer = gateway.request("POST", V1, body=BODY, headers={"Content-Type": "application/json"})
    redis.client().set(key_of(BODY.encode()), answer.data)
    contestants = {
        "limit": bench.limit(redis, BODY),
        V1: Ask(f"{gateway.url}{V1}", BODY, key, gateway.process.pid),
        OWN: Ask(f"{gateway.url}{OWN}", json.dumps({"query": "What is a cache?"}), key, gateway.process.pid),
        FROM_REDIS: Ask(f"{asking.url}{V1}", BODY, {"Authorization": f"Bearer {asking.key}"}, asking.process.pid),
    }
    if not bench.quick and (litellm := bench.litellm(redis, provider)):
        contestants["LiteLLM"] = litellm.ask(BODY)
    return contestants


def _alone(rounds: Rounds) -> Iterator[Figure]:
    yield at_most(1, "exact hit over the limit, p50", rounds.ratio(V1, "limit", p50), "times", 2.2)
    yield plain(1, "the same, each time from Redis", rounds.ratio(FROM_REDIS, "limit", p50), "times")
    if "LiteLLM" in rounds.names:
        yield at_most(1, "exact hit over LiteLLM, p50", rounds.ratio(V1, "LiteLLM", p50), "times", 0.1)
    yield at_most(
        3, "exact hit through `/api/chat/` over the limit, p50", rounds.ratio(OWN, "limit", p50), "times", 2.2
    )


def _together(rounds: Rounds) -> Iterator[Figure]:
    yield at_least(2, "requests/s of the limit's", 100 * rounds.ratio(V1, "limit", throughput), "%", 45)
    yield plain(2, "the same, each time from Redis", 100 * rounds.ratio(FROM_REDIS, "limit", throughput), "%")
    if "LiteLLM" in rounds.names:
        yield at_least(2, "requests/s over LiteLLM's", rounds.ratio(V1, "LiteLLM", throughput), "times", 12)
    through_own = 100 * rounds.ratio(OWN, "limit", throughput)
    yield at_least(3, "requests/s of the limit's, through `/api/chat/`", through_own, "%", 45)
