"""The suite in several processes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from speechsite.server import private_redis
from speechsite.tests.support.parallel import ALONE, _priority, group_of
from speechsite.tests.support.ports import MAX_WORKERS, reserve_ports


def test_no_two_processes_look_for_free_ports_in_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    every = range(10_000, 32_768)
    taken: set[int] = set()
    for number in range(MAX_WORKERS):
        monkeypatch.setattr(private_redis, "PORTS", every)
        reserve_ports(f"gw{number}")
        assert private_redis.free_port() in private_redis.PORTS
        assert len(private_redis.PORTS) > 300 and taken.isdisjoint(private_redis.PORTS)
        taken.update(private_redis.PORTS)
    assert taken <= set(every)


def test_one_process_has_all_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    every = range(20_000, 30_000)
    monkeypatch.setattr(private_redis, "PORTS", every)
    reserve_ports(None)
    assert every == private_redis.PORTS


@pytest.mark.alone
def test_what_is_marked_runs_after_all_others(request: pytest.FixtureRequest) -> None:
    assert group_of(request.node) == ALONE
    starts_servers = "caching/tests/redis/test_doctor.py"
    queue = ["caching/tests/test_keys.py", ALONE, starts_servers, "gateway", "speechsite/tests/test_views.py"]
    order = sorted(queue, key=lambda scope: _priority(scope, [starts_servers]), reverse=True)
    assert order[:2] == ["gateway", starts_servers] and order[-1] == ALONE


@pytest.fixture
def server() -> None:
    """Named like one that several files share."""


@pytest.mark.parametrize("name", ["server", "gateway", "postgres"])
@pytest.mark.parametrize(("where", "is_shared"), [("", True), ("a/tests", True), ("a/tests/test_b.py", False)])
def test_tests_that_share_a_server_run_in_one_process(name: str, where: str, is_shared: bool) -> None:
    found = SimpleNamespace(name2fixturedefs={name: [SimpleNamespace(baseid=where)]})
    item: Any = SimpleNamespace(
        fixturenames=["settings", name],
        get_closest_marker=lambda marker: None,
        nodeid="a/tests/test_b.py::test_c",
        _fixtureinfo=found,
    )
    assert group_of(item) == (name if is_shared else None)


@pytest.mark.usefixtures("server")
def test_a_fixture_of_the_same_name_that_one_file_has_joins_no_group(request: pytest.FixtureRequest) -> None:
    assert group_of(request.node) is None
