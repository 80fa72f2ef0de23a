"""Row 14: added by the gateway to one call at a time, with a provider that answers at once, and the CPU of a miss."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.speed.alternate import measure
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.load import Ask
from benchmarks.speed.rows.exact_hits import BODY, V1
from benchmarks.speed.rows.misses import BODY as NEW
from benchmarks.speed.yardstick import Yardstick


def run(bench: Bench) -> Iterator[Figure]:
    provider = bench.provider()
    gateway = bench.gateway(bench.redis(), provider)
    key = {"Authorization": f"Bearer {gateway.key}"}
    contestants = {
        "limit": Yardstick(bench).ask,
        "provider": Ask(f"{provider}/chat/completions", NEW),
        "miss": Ask(f"{gateway.url}{V1}", NEW, key, gateway.process.pid),
        "hit": Ask(f"{gateway.url}{V1}", BODY, key, gateway.process.pid),
    }
    rounds = measure(bench, contestants, 1)
    limit, provider_took, miss, hit = map(rounds.median, contestants)
    yield plain(14, "the provider itself: p50", provider_took.p50_ms, "ms")
    yield plain(14, "the limit: p50", limit.p50_ms, "ms")
    added = "added to one call by the gateway, p50"
    yield plain(14, added, miss.p50_ms - provider_took.p50_ms, "ms")
    yield at_most(14, f"{added}, in limits", rounds.added("miss", "provider"), "limits", 8)
    yield plain(14, "CPU of a miss", miss.cpu_ms, "ms")
    yield plain(14, "CPU of a hit", hit.cpu_ms, "ms")
    over_hit = rounds.ratio("miss", "hit", lambda borne: borne.cpu_ms)
    yield at_most(14, "CPU of a miss over that of a hit", over_hit, "times", 4)
