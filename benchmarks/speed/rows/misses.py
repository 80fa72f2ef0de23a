"""Row 7: latency added to the provider's by a miss, with 64 connections.

All connections of a load start at the same instant, the worst case. In a load of three seconds these first requests are
one in twelve, and determine p99; in one of thirty seconds they are fewer than one in a hundred.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.speed.alternate import measure
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, plain
from benchmarks.speed.load import MODEL, NUMBER, Ask
from benchmarks.speed.yardstick import Yardstick

CONNECTIONS = 64
PROVIDER_MS = 200
SECONDS = 30
BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": f"What is {NUMBER}?"}]})


def run(bench: Bench) -> Iterator[Figure]:
    redis, provider = bench.redis(), bench.provider(PROVIDER_MS)
    gateway = bench.gateway(redis, provider, workers=2)
    contestants = {
        "provider": Ask(f"{provider}/chat/completions", BODY),
        "gateway": Ask(
            f"{gateway.url}/v1/chat/completions", BODY, {"Authorization": f"Bearer {gateway.key}"}, gateway.process.pid
        ),
    }
    if not bench.quick and (litellm := bench.litellm(redis, provider)):
        contestants["LiteLLM"] = litellm.ask(BODY)
    yardstick = Yardstick(bench)
    lasting = {} if bench.quick else {"rounds": 1, "seconds": SECONDS}
    rounds = measure(bench, contestants, CONNECTIONS, **lasting)
    yardstick.measure()
    direct, gateway_took = rounds.median("provider"), rounds.median("gateway")
    yield plain(7, "the provider itself: p50", direct.p50_ms, "ms")
    yield plain(7, "the provider itself: p99", direct.p99_ms, "ms")
    yield from yardstick.at_most(7, "added by the gateway, p50", gateway_took.p50_ms - direct.p50_ms, 15)
    yield from yardstick.at_most(7, "added by the gateway, p99", gateway_took.p99_ms - direct.p99_ms, 100)
    yield plain(7, "CPU of the gateway", gateway_took.cpu_ms, "ms a miss")
    if "LiteLLM" in contestants:
        took = rounds.median("LiteLLM")
        yield plain(7, "added by LiteLLM, p50", took.p50_ms - direct.p50_ms, "ms")
        yield plain(7, "added by LiteLLM, p99", took.p99_ms - direct.p99_ms, "ms")
    if not bench.quick:
        starts = measure(bench, contestants, CONNECTIONS, rounds=1)
        for name in sorted(contestants.keys() - {"provider"}):
            added = starts.median(name).p99_ms - starts.median("provider").p99_ms
            yield plain(7, f"the first {bench.seconds} s, added by {name}, p99", added, "ms")
