from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from caching import metrics

# A worker that prints what /metrics would, once it is asked.
WORKER = """
import json
from caching import metrics
from speech.metrics import CIRCUIT_OPEN
metrics.INDEX_ENTRIES.set({size})
metrics.REDIS_UP.set({up})
CIRCUIT_OPEN.labels("demo", "chat").set({size})
metrics.HITS.labels("llm", "speed").inc()
print("ready", flush=True)
input()
print(json.dumps([sample[:3] for metric in metrics.registry().collect() for sample in metric.samples]))
"""


def worker(directory: Path, *, size: int, up: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER.format(size=size, up=up)]
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


def test_gauges_are_those_of_living_workers_and_counters_those_of_all(tmp_path: Path) -> None:
    living, dead = worker(tmp_path, size=3, up=1), worker(tmp_path, size=5, up=0)
    dead.kill()
    dead.communicate()
    printed, _ = living.communicate("\n")
    found = json.loads(printed)
    assert [labels["pid"] for name, labels, _ in found if name == "semantic_index_entries"] == [str(living.pid)]
    figures = {name: value for name, _, value in found}
    assert figures["redis_up"] == 1.0 and figures["provider_circuit_open"] == 3.0
    assert figures["cache_hits_total"] == 2.0
    assert not list(tmp_path.glob(f"gauge_live*_{dead.pid}.db"))


def test_a_process_of_its_own_knows_only_itself() -> None:
    metrics.INDEX_ENTRIES.set(7)
    assert metrics.by_worker(metrics.INDEX_ENTRIES) == {os.getpid(): 7.0}
