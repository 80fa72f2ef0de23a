from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from caching.policy import Level, Policy
from caching.result import CacheResult
from speech.api.cache_control import policy_from
from speech.api.response_headers import cache_headers, cache_status
from speech.exceptions import InvalidRequest


@pytest.mark.parametrize(
    ("header", "policy"),
    [
        ("", Policy()),
        ("no-cache", Policy(read=False)),
        ("No-Cache", Policy(read=False)),
        ("no-store", Policy(read=False, write=False)),
        ("max-age=60", Policy(max_age=60)),
        ('max-age="60"', Policy(max_age=60)),
        ("max-age=0, only-if-cached", Policy(max_age=0, only_if_cached=True)),
        ("no-transform, something-new=1,,", Policy()),
        ("max-age=99999999999999999999", Policy(max_age=2**31)),
        ("max-age=" + "9" * 5000, Policy(max_age=2**31)),
        ("max-age=2147483648", Policy(max_age=2**31)),
        ("max-age=2147483647", Policy(max_age=2**31 - 1)),
        ("max-age= 60", Policy(max_age=60)),
        (" MAX-AGE =60 ,no-store", Policy(read=False, write=False, max_age=60)),
        ("no-cache,no-store", Policy(read=False, write=False)),
        ("no-cache=x=y", Policy(read=False)),
        ("max-age=5=5, max-age=60", Policy(max_age=60)),
        ("only-if-cached", Policy(only_if_cached=True)),
    ],
)
def test_it_reads_the_request_directives(header: str, policy: Policy) -> None:
    assert policy_from(header, "balanced") == policy


@pytest.mark.parametrize("header", ["max-age", "max-age=", "max-age=-1", "max-age=soon", "max-age=१", "max-age=²"])
def test_it_refuses_a_max_age_that_is_no_number(header: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        policy_from(header, "balanced")
    assert caught.value.param == "Cache-Control"


@pytest.mark.parametrize(
    ("result", "value"),
    [
        (CacheResult("x", "hit", "k", age=5, ttl=1795, stored=True, match="exact"), "speechsite; hit; ttl=1795"),
        (CacheResult("x", "miss", "k", ttl=1800, stored=True), "speechsite; fwd=uri-miss; stored; ttl=1800"),
        (CacheResult("x", "miss", "k"), "speechsite; fwd=uri-miss"),
        (CacheResult("x", "miss", "k", collapsed=True), "speechsite; fwd=uri-miss; collapsed"),
        (CacheResult("x", "hit", "k", ttl=-12, stale=True), "speechsite; fwd=stale; ttl=-12"),
        (CacheResult("x", "bypass", "k"), "speechsite; fwd=bypass"),
        (CacheResult("x", "bypass", "k", ttl=60, stored=True), "speechsite; fwd=bypass; stored; ttl=60"),
        (CacheResult("x", "hit", "k", ttl=-3, match="exact"), "speechsite; hit; ttl=0"),
        (CacheResult("x", "hit", "k", ttl=0, match="exact"), "speechsite; hit; ttl=0"),
        (CacheResult("x", "hit", "k", ttl=1, match="exact"), "speechsite; hit; ttl=1"),
    ],
)
def test_it_writes_cache_status(result: CacheResult[object], value: str) -> None:
    assert cache_status(result) == value


def test_age_stands_on_a_hit_only() -> None:
    assert cache_headers(CacheResult("x", "hit", "k", age=5, match="exact"))["Age"] == "5"
    assert "Age" not in cache_headers(CacheResult("x", "miss", "k"))


@pytest.mark.parametrize("level", ["quality", "balanced", "speed"])
def test_the_level_stays(level: Level) -> None:
    assert policy_from("no-cache", level) == Policy(level=level, read=False)


def test_a_hit_is_explained() -> None:
    matched: Any = SimpleNamespace(similarity=0.98764321, probability=0.9)
    result = CacheResult("x", "hit", "k", age=5, ttl=10, match="semantic", matched=matched)
    assert cache_headers(result) == {
        "X-Cache": "HIT",
        "Cache-Status": "speechsite; hit; ttl=10",
        "Age": "5",
        "X-Cache-Match": "semantic",
        "X-Cache-Similarity": "0.9876",
        "X-Cache-Probability": "0.9000",
    }
    assert cache_headers(CacheResult("x", "miss", "k")) == {
        "X-Cache": "MISS",
        "Cache-Status": "speechsite; fwd=uri-miss",
    }
