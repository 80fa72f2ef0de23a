from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any, get_args

import pytest

from caching import policy
from caching.policy import CacheType, Policy

NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def a_clock_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)


def test_every_cache_type_has_a_name_on_pages() -> None:
    assert tuple(policy.CACHE_TYPES) == get_args(CacheType)


@pytest.mark.parametrize(
    ("cache_type", "level", "seconds"),
    [
        ("llm", "quality", 3600),
        ("llm", "balanced", 1800),
        ("llm", "speed", 600),
        ("tts", "quality", 1800),
        ("tts", "balanced", 900),
        ("tts", "speed", 300),
        ("stt", "quality", 1800),
        ("stt", "balanced", 900),
        ("stt", "speed", 300),
        ("emb", "quality", 3600),
        ("emb", "balanced", 1800),
        ("emb", "speed", 600),
    ],
)
def test_each_level_has_its_time_to_live(cache_type: CacheType, level: Any, seconds: int) -> None:
    assert policy.ttl(cache_type, level) == seconds == Policy(level=level).ttl(cache_type)


def test_a_rule_may_name_another_time_to_live() -> None:
    assert Policy(seconds=5).ttl("llm") == Policy(level="speed", seconds=5).ttl("tts") == 5


def test_balanced_is_what_nobody_has_to_ask_for() -> None:
    assert asdict(Policy()) == {
        "level": "balanced",
        "read": True,
        "write": True,
        "max_age": None,
        "only_if_cached": False,
        "quota": None,
        "stale": False,
        "rule": "",
        "seconds": None,
        "archive": False,
        "threshold": None,
    }
    assert policy.LEVELS == ("quality", "balanced", "speed")
    assert policy.CACHE_TYPES == {"llm": "Chat", "tts": "Speech", "stt": "Transcription", "emb": "Embeddings"}


@pytest.mark.parametrize(
    ("age", "ttl", "kept", "fresh"),
    [
        # Nothing is kept beyond its time: Redis decides.
        (-60, 10, 0, True),
        (60, 10, 0, True),
        # Kept for longer: our clock decides, and another machine's may be ahead by 5 s.
        (0, 10, 600, True),
        (9, 10, 600, True),
        (10, 10, 600, False),
        (11, 10, 600, False),
        (-4, 10, 600, True),
        (-5, 10, 600, True),
        (-6, 10, 600, False),
    ],
)
def test_an_entry_is_fresh_within_its_time(age: float, ttl: int, kept: int, fresh: bool) -> None:
    assert Policy().accepts(NOW - age, ttl, kept) is fresh


@pytest.mark.parametrize(
    ("age", "kept", "accepted"),
    [
        (0, 0, True),
        (60, 0, True),
        (61, 0, False),
        (60, 600, True),
        (61, 600, False),
        (-4, 600, True),
        (-60, 600, False),
    ],
)
def test_who_names_an_age_gets_nothing_older(age: float, kept: int, accepted: bool) -> None:
    assert Policy(max_age=60).accepts(NOW - age, 100, kept) is accepted


def test_who_names_an_age_gets_nothing_stale() -> None:
    assert not Policy(max_age=60, stale=True).accepts(NOW - 50, 40, 600)
    assert not Policy(max_age=0).accepts(NOW - 1, 100, 0)
    assert Policy(max_age=0).accepts(NOW, 100, 0)


def test_when_the_provider_fails_an_old_entry_will_do() -> None:
    assert Policy(stale=True).accepts(NOW - 50, 40, 600)
    assert not Policy().accepts(NOW - 50, 40, 600)
