"""Rows 6 and 13 for `SEMANTIC_INDEX=vectorset`, if REDIS8_SERVER names a Redis 8."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_least, at_most, plain

PASSES = 1
SIZES = (10_000, 100_000, 1_000_000)
# Timeout of one command: a timed-out entry would count as not found.
PATIENCE_MS = 30_000


def run(bench: Bench) -> Iterator[Figure]:
    redis = None if bench.quick else bench.redis8()
    if redis is None:
        return
    command = [sys.executable, "-m", "benchmarks.speed.vectorset", *map(str, SIZES)]
    environment = {**os.environ, "REDIS_URL": redis.url, "REDIS_TIMEOUT_MS": str(PATIENCE_MS)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    bench.stack.callback(process.kill)
    assert process.stdout  # noqa: S101 (asked for above)
    for found in map(json.loads, process.stdout):
        size = found["size"]
        yield plain(13, f"lookup among {size} entries, vectorset", found["lookup_ms"], "ms")
        yield plain(13, f"to add one of {size} entries, vectorset", found["add_ms"], "ms")
        yield at_least(6, f"nearest found among {size:,} entries, vectorset", found["recall"], "", 0.98)
    yield at_most(6, f"lookup among {size:,} entries, vectorset", found["lookup_ms"], "ms", 5)
    if process.wait():
        raise RuntimeError(f"{command} ended with status {process.returncode}")
