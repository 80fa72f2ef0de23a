"""Runs the whole suite in several processes, and the tests marked `alone` after all others.

A pytest plugin. `pytest` without paths uses it; `pytest -n0` does not, nor does `pytest PATH` unless it is given `-n`.
Each process has its own Redis, database, VAR_DIR and range of ports (plugin.py).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator
from functools import cached_property
from pathlib import Path
from typing import cast

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from speechsite.tests.support.ports import MOST_WORKERS

ALONE = "alone"
WORKERS_PER_CORE = 2
"""The tests wait for most of their time."""
SHARED_SERVERS = {
    "server": "server",
    "gateway": "gateway",
    "_gateway": "gateway",
    "bare_gateway": "gateway",
    "staff_server": "screens",
}
"""Fixtures that start a server for the whole session, and the group of tests that share it."""

_directory = tempfile.TemporaryDirectory()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    if not hasattr(config, "workerinput"):
        whole_suite = config.args_source is pytest.Config.ArgsSource.TESTPATHS
        if whole_suite and config.option.numprocesses is None and not config.option.collectonly:
            config.option.numprocesses = "auto"
        if config.option.numprocesses and config.option.dist == "no":
            config.option.dist = "loadgroup"
    return (yield)


@pytest.hookimpl
def pytest_xdist_auto_num_workers() -> int:
    return min(MOST_WORKERS, WORKERS_PER_CORE * (os.cpu_count() or 1))


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    return AloneLast(config, log) if config.option.dist == "loadgroup" else None


@pytest.hookimpl
def pytest_configure_node(node: WorkerController) -> None:
    node.workerinput["groups"] = f"{_directory.name}/groups.json"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell the scheduler the group of each test: it gets nothing of them but their ids."""
    worker: dict[str, str] = getattr(config, "workerinput", {})
    if worker.get("workerid") == "gw0":
        groups = {item.nodeid: group for item in items if (group := group_of(item))}
        Path(worker["groups"]).write_text(json.dumps(groups))


def group_of(item: pytest.Item) -> str | None:
    """Return the name of the group that runs in one process, or None if that is the test's file."""
    if item.get_closest_marker(ALONE):
        return ALONE
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return next((SHARED_SERVERS[name] for name in fixtures if name in SHARED_SERVERS), None)


class AloneLast(LoadScopeScheduling):
    """Hands out groups, then files; `alone` goes to the last worker when all others have ended."""

    def remove_node(self, node: WorkerController) -> str | None:
        crashed = super().remove_node(node)
        for other in self.nodes:
            self._reschedule(other)
        return crashed

    def _split_scope(self, nodeid: str) -> str:
        return self._groups.get(nodeid) or nodeid.split("::", 1)[0]

    @cached_property
    def _groups(self) -> dict[str, str]:
        """Every worker has collected its tests when this is first asked for."""
        return cast("dict[str, str]", json.loads(Path(_directory.name, "groups.json").read_text()))

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(max(self.workqueue, key=_priority), last=False)
        super()._assign_work_unit(node)

    def _reschedule(self, node: WorkerController) -> None:
        if list(self.workqueue) != [ALONE] or self.nodes == [node]:
            super()._reschedule(node)
        elif any(other is not node and not other.shutting_down for other in self.nodes):
            # Another one will be the last. A worker runs its last test only when it is told to end.
            node.shutdown()


def _priority(scope: str) -> tuple[bool, bool, str]:
    """Groups take longest. Of the files, those of speechsite/ start whole servers and those of caching/ are short."""
    return scope != ALONE, "/" not in scope, scope
