from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from caching import metrics

WORKER = "from caching import metrics; metrics.INDEX_ENTRIES.set({size}); metrics.REDIS_UP.set({up})"
READER = (
    "import json; from caching import metrics; {first}; print(json.dumps(metrics.by_worker(metrics.INDEX_ENTRIES)))"
)


def run(code: str, directory: Path) -> tuple[int, str]:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    worker = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    printed, _ = worker.communicate(timeout=60)
    assert worker.returncode == 0
    return worker.pid, printed.strip()


def test_every_worker_says_how_many_entries_it_has(tmp_path: Path) -> None:
    one, _ = run(WORKER.format(size=3, up=1), tmp_path)
    other, _ = run(WORKER.format(size=5, up=1), tmp_path)
    _, printed = run(READER.format(first="pass"), tmp_path)
    assert json.loads(printed).items() >= {str(one): 3.0, str(other): 5.0}.items()


def test_a_new_worker_takes_the_dead_out_of_the_gauges(tmp_path: Path) -> None:
    dead, _ = run(WORKER.format(size=3, up=0), tmp_path)
    _, printed = run(READER.format(first="metrics.forget_dead_workers()"), tmp_path)
    assert str(dead) not in json.loads(printed)
    assert not list(tmp_path.glob(f"gauge_live*_{dead}.db"))


def test_a_process_of_its_own_knows_only_itself() -> None:
    metrics.INDEX_ENTRIES.set(7)
    assert metrics.by_worker(metrics.INDEX_ENTRIES) == {os.getpid(): 7.0}
