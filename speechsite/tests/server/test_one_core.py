"""The threads of a worker are on one core, and leave it to others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from benchmarks.speed.processes import only_worker
from speechsite.server import one_core
from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

several_cores = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="there is one core"
)
BUSY = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"


@pytest.mark.parametrize(
    ("core", "used_by_others", "expected"),
    [
        (0, {0: 0.0, 1: 0.0}, 0),
        (0, {0: 0.2, 1: 0.0}, 0),
        (0, {0: 0.3, 1: 0.0}, 1),
        (1, {0: 0.0, 1: 1.0}, 0),
        (1, {0: 1.0, 1: 1.0}, 1),
        (2, {0: 0.5, 1: 0.1, 2: 0.9, 3: 0.2}, 1),
    ],
)
def test_a_core_is_left_only_if_others_use_it_much_more(
    core: int, used_by_others: Mapping[int, float], expected: int
) -> None:
    assert one_core.best(core, used_by_others) == expected


def test_each_core_has_been_busy_since_the_start() -> None:
    busy = one_core.busy_seconds()
    assert busy.keys() >= os.sched_getaffinity(0)
    assert all(seconds > 0 for seconds in busy.values())


def cores_of(server: Server) -> set[tuple[int, ...]]:
    """Return the cores on which each thread of the only worker may run."""
    threads = only_worker(server.process.pid).threads()
    return {tuple(sorted(os.sched_getaffinity(thread.id))) for thread in threads}


@several_cores
@pytest.mark.alone
def test_a_worker_is_on_one_core_and_leaves_it_to_another_program(tmp_path: Path) -> None:
    server = Server(tmp_path, {"LLM_PROVIDER": "demo"}, workers=1)
    try:
        assert server.chat("What is a core?").status == 200
        [(core,)] = cores_of(server)
        program = subprocess.Popen([sys.executable, "-c", BUSY, str(core)])
        try:
            wait_until(lambda: len(cores_of(server)) == 1 and cores_of(server) != {(core,)}, seconds=20)
        finally:
            program.kill()
            program.wait()
        assert server.chat("What is another core?").status == 200
    finally:
        server.stop()


@several_cores
@pytest.mark.parametrize(
    "environment", [{"CPU_AFFINITY": "0"}, {"SEMANTIC_EMBEDDER": "fastembed", "SEMANTIC_MODE": "off"}]
)
def test_all_cores_are_used_where_that_is_asked_for_and_by_models(tmp_path: Path, environment: dict[str, str]) -> None:
    server = Server(tmp_path, {"LLM_PROVIDER": "demo", **environment}, workers=1)
    try:
        worker = only_worker(server.process.pid)
        assert set(psutil.Process(worker.pid).cpu_affinity() or ()) == os.sched_getaffinity(0)
    finally:
        server.stop()
