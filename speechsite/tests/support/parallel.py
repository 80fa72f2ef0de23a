"""Runs the whole suite in several processes, and the tests marked `alone` after all others.

A pytest plugin. `pytest` without paths uses it; `pytest -n0` does not, nor does `pytest PATH` unless it is given `-n`.
Each process has its own Redis, database, VAR_DIR and range of ports (plugin.py).
"""

from __future__ import annotations

import gc
import json
import os
import tempfile
from collections.abc import Collection, Generator
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from speechsite.tests.plugin import load_hypothesis_profile
from speechsite.tests.support.databases import SHARED
from speechsite.tests.support.ports import MAX_WORKERS

ALONE = "alone"
WORKERS_PER_CORE = 2
"""The tests wait for most of their time."""
SHARED_SERVERS = {
    "server": "server",
    "gateway": "gateway",
    "_gateway": "gateway",
    "bare_gateway": "gateway",
    "staff_server": "screens",
    "postgres": "postgres",
    "postgres_url": "postgres",
    "database_url": "postgres",
}
"""Fixtures that need a server which several files share, and the group of their tests."""
LONG = frozenset({"Server", "RedisServer", "run_python", "start_python", "subprocess", "given"})
"""A module that has one of these names starts processes or tries many examples, and takes longest."""

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
    return min(MAX_WORKERS, WORKERS_PER_CORE * (os.cpu_count() or 1))


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    return AloneLast(config, log) if config.option.dist == "loadgroup" else None


@pytest.hookimpl
def pytest_xdist_setupnodes() -> None:
    """Before the processes that inherit it are started."""
    os.environ[SHARED] = _directory.name


@pytest.hookimpl
def pytest_configure_node(node: WorkerController) -> None:
    node.workerinput["groups"] = f"{_directory.name}/groups.json"


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Keep the thousands of collected tests from being searched for garbage, while they are made and ever after."""
    gc.disable()
    try:
        if worker := getattr(session.config, "workerinput", None):
            number = int(worker["workerid"].removeprefix("gw"))
            import_in_turns(session.config.args, number, worker["workercount"])
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def import_in_turns(folders: list[str], number: int, processes: int) -> None:
    """Import the test files, each process beginning with others: one rewrites the asserts of a file, the rest read it.

    All processes collect in the same order, and would rewrite every file at the same time.
    """
    load_hypothesis_profile()
    files = sorted(path for folder in folders for path in Path(folder).rglob("test_*.py"))
    first = len(files) * number // processes
    for path in files[first:] + files[:first]:
        # Collection says what is wrong with it.
        with suppress(Exception, pytest.skip.Exception):
            import_module(".".join(path.with_suffix("").parts))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell the scheduler the group of each test and the long files: it gets nothing of them but their ids."""
    worker: dict[str, str] = getattr(config, "workerinput", {})
    if worker.get("workerid") == "gw0":
        groups = {item.nodeid: group for item in items if (group := group_of(item))}
        long = {file_of(item.nodeid) for item in items if not LONG.isdisjoint(vars(getattr(item, "module", item)))}
        Path(worker["groups"]).write_text(json.dumps([groups, sorted(long)]))


def file_of(nodeid: str) -> str:
    return nodeid.split("::", 1)[0]


def group_of(item: pytest.Item) -> str | None:
    """Return the name of the group that runs in one process, or None if that is the test's file."""
    if item.get_closest_marker(ALONE):
        return ALONE
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return next((SHARED_SERVERS[name] for name in fixtures if name in SHARED_SERVERS and not _is_own(item, name)), None)


def _is_own(item: pytest.Item, fixture: str) -> bool:
    """Return True if the test's own file defines the fixture, which no other file shares then."""
    definition = item._fixtureinfo.name2fixturedefs[fixture][-1]  # type: ignore[attr-defined]
    return definition.baseid.startswith(file_of(item.nodeid))


class AloneLast(LoadScopeScheduling):
    """Hands out groups, then files, long ones first; `alone` goes last, to the worker that has the gateway."""

    def remove_node(self, node: WorkerController) -> str | None:
        crashed = super().remove_node(node)
        for other in self.nodes:
            self._reschedule(other)
        return crashed

    def _split_scope(self, nodeid: str) -> str:
        return self._plan[0].get(nodeid) or file_of(nodeid)

    @cached_property
    def _plan(self) -> tuple[dict[str, str], list[str]]:
        """Every worker has collected its tests when this is first asked for."""
        groups, long = json.loads(Path(_directory.name, "groups.json").read_text())
        return groups, long

    def _assign_work_unit(self, node: WorkerController) -> None:
        first = max(self.workqueue, key=lambda scope: _priority(scope, self._plan[1]))
        self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)

    def _reschedule(self, node: WorkerController) -> None:
        if list(self.workqueue) != [ALONE] or self.nodes == [node]:
            super()._reschedule(node)
        elif self._keeper is not node:
            # A worker runs its last test only when it is told to end.
            node.shutdown()

    @property
    def _keeper(self) -> WorkerController | None:
        """The worker that stays for `alone`: it need not start the gateway again."""
        staying = [node for node in self.nodes if not node.shutting_down]
        return next((node for node in staying if "gateway" in self.assigned_work[node]), next(iter(staying), None))


def _priority(scope: str, long: Collection[str]) -> tuple[bool, bool, bool, str]:
    """Groups take longest, then files that start processes. Of the others, those of caching/ are short."""
    return scope != ALONE, "/" not in scope, scope in long, scope
