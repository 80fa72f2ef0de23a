from __future__ import annotations

from typing import Any

import pytest

from caching import redaction
from caching.maintenance import text_caches
from caching.maintenance.text_caches import TextCacheWorker


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def read(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(redaction, "_memos", [])

    @redaction.remember(10)
    def read(text: str) -> str:
        calls.append(text)
        return text.upper()

    return read


def test_a_forgotten_client_empties_what_other_processes_remember(redis_client: Any, read: Any, calls: Any) -> None:
    others = TextCacheWorker()
    others.poll()
    read("a"), read("a")
    others.poll()
    read("a")
    assert calls == ["a"]
    text_caches.drop_everywhere()
    calls.clear()
    read("a")
    others.poll()
    read("a")
    assert calls == ["a", "a"]


def test_without_redis_texts_are_dropped_in_time(
    read: Any, calls: Any, use_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_redis("")
    one = TextCacheWorker()
    one.poll()
    read("a")
    one.poll()
    read("a")
    monkeypatch.setattr(text_caches, "DROP_SECONDS", 0.0)
    one.poll()
    read("a")
    assert calls == ["a", "a"]
