"""Counting of benchmarks.walks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from benchmarks.walks.scenarios import SCENARIOS
from benchmarks.walks.traced import Tracer, figures, total
from caching.policy import LEVELS
from caching.redis.url import normalize_redis_url


def test_every_hop_enters_a_new_file_or_returns_to_one_that_was_left() -> None:
    entered = [("a.py", "one"), ("a.py", "two"), ("b.py", "three"), ("a.py", "one"), ("c.py", "four"), ("b.py", "five")]
    assert figures(entered) == {"calls": 6, "functions": 5, "files": 3, "hops": 4, "returns": 2}


def test_hops_are_counted_in_each_thread_for_itself() -> None:
    both = total({"name": "", "request": [("a.py", "one"), ("b.py", "two")], "others": [[("a.py", "one")]]})
    assert (both["calls"], both["functions"], both["files"], both["hops"], both["returns"]) == (3, 2, 2, 1, 0)


@pytest.fixture
def tracer() -> Iterator[Tracer]:
    before = sys.getprofile(), threading.getprofile()
    tracer = Tracer(Path(settings.BASE_DIR))
    tracer.install()
    yield tracer
    sys.setprofile(before[0])
    threading.setprofile(before[1])


def test_only_this_project_is_traced_in_the_threads_that_a_request_starts(tracer: Tracer) -> None:
    tracer.start()
    thread = threading.Thread(target=normalize_redis_url, args=["redis://localhost"])
    thread.start()
    thread.join()
    found = tracer.stop()
    assert {file for entered in found.values() for file, _ in entered} == {"caching/redis/url.py", "caching/numbers.py"}
    assert thread.ident in found


def test_there_are_nine_scenarios_of_known_levels() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == 9
    levels = {call.body.get("optimization_level") for scenario in SCENARIOS for call in scenario.calls}
    assert levels <= {None, *LEVELS}
