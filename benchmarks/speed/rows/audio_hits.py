"""Row 4: two seconds of speech, 96 KB of WAV, from the cache."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.speed.alternate import measure, p50
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.limit import key_of
from benchmarks.speed.load import Ask

# The loopback provider speaks 10 ms a character at 24 kHz: 480 bytes.
BODY = json.dumps({"input": "o" * 200, "response_format": "wav"})


def run(bench: Bench) -> Iterator[Figure]:
    redis = bench.redis()
    gateway = bench.gateway(redis, bench.provider())
    headers = {"Content-Type": "application/json"}
    sound = [gateway.request("POST", "/v1/audio/speech", body=BODY, headers=headers).data for _ in range(2)][1]
    redis.client().set(key_of(BODY.encode()), sound)
    contestants = {
        "limit": bench.limit(redis, BODY),
        "/v1/audio/speech": Ask(
            f"{gateway.url}/v1/audio/speech", BODY, {"Authorization": f"Bearer {gateway.key}"}, gateway.process.pid
        ),
    }
    rounds = measure(bench, contestants, 1)
    for name in contestants:
        one = rounds.median(name)
        yield plain(4, f"{name}, {len(sound):,} bytes: p50", one.p50_ms, "ms")
        yield plain(4, f"{name}: processor time", one.cpu_ms, "ms")
    yield at_most(4, "audio hit over the limit, p50", rounds.ratio("/v1/audio/speech", "limit", p50), "times", 2)
