from __future__ import annotations

import pytest

from caching.redis.version import has_safe_vector_sets, has_vector_sets, product


@pytest.mark.parametrize(
    ("version", "has", "safe"),
    [
        ("7.4.9", False, False),
        ("8.0.2", True, False),
        ("8.2.8", True, False),
        ("8.2.9", True, True),
        ("8.3.0", True, False),
        ("8.10.0", True, False),
        ("8.10.1", True, True),
        ("8.12.0", True, True),
        ("9.0.0", True, True),
        ("8.12.0-rc1", True, True),
    ],
)
def test_what_a_version_can_do(version: str, has: bool, safe: bool) -> None:
    info = {"redis_version": version}
    assert (has_vector_sets(info), has_safe_vector_sets(info)) == (has, safe)


def test_nothing_is_assumed_of_an_unknown_version() -> None:
    assert not has_vector_sets({}) and not has_safe_vector_sets({})


def test_valkey_is_called_valkey_and_has_no_vector_sets() -> None:
    info = {"redis_version": "8.10.1", "server_name": "valkey", "valkey_version": "9.1.2"}
    assert product(info) == "Valkey 9.1.2"
    assert not has_vector_sets(info)
    assert product({"redis_version": "8.10.1"}) == "Redis 8.10.1"


@pytest.mark.parametrize("name", ["Valkey", "Dragonfly", "Kvrocks", "Garnet", "Redict", "Upstash"])
def test_a_product_is_called_by_its_name_and_has_no_vector_sets(name: str) -> None:
    info = {"redis_version": "8.4.0", f"{name.lower()}_version": "v1.40.1"}
    assert product(info) == f"{name} v1.40.1"
    assert not has_vector_sets(info)
