from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from caching.redis import scan, store
from caching.redis.serializers import Audio


def everything(pattern: str = "*") -> set[str]:
    return {key for step in scan.scan_all(pattern) for key in step}


def test_it_sees_our_keys_and_nobody_elses(redis_client: Any) -> None:
    redis_client.mset({f"llm:exact:{number}": "{}" for number in range(2000)})
    redis_client.mset({"celery": "1", "llm": "1", "tts:a:b:c:wav": "x"})
    redis_client.set(b"\xff\xfe", "1")
    found = everything()
    assert len(found) == 2001
    assert "tts:a:b:c:wav" in found


def test_a_prefix_keeps_databases_apart(redis_client: redis.Redis, settings: Any) -> None:
    redis_client.mset({"a*b:llm:exact:1": "{}", "aXb:llm:exact:2": "{}", "llm:exact:3": "{}"})
    settings.CACHE_KEY_PREFIX = "a*b"
    assert everything() == {"llm:exact:1"}
    assert scan.memory(["llm:exact:1", "llm:exact:2"]) == [scan.memory(["llm:exact:1"])[0], 0]  # type: ignore[index]


@pytest.mark.parametrize("text", ["*", "?", "[a]", "\\", "^", "plain"])
def test_an_escaped_text_matches_only_itself(redis_client: redis.Redis, text: str) -> None:
    redis_client.mset({f"llm:semantic:s:{text}": "{}", "llm:semantic:s:a": "{}", "llm:semantic:s:xyz": "{}"})
    assert everything(f"llm:semantic:s:{scan.escape(text)}") == {f"llm:semantic:s:{text}"}


def test_it_describes_what_lies_there_and_leaves_out_what_is_gone(redis_client: redis.Redis) -> None:
    store.put("llm:exact:a", {"question": "Why?", "level": "speed"}, 60)
    store.put("tts:p:v:h:wav", Audio(b"\0" * 100_000, {"text": "Hello", "level": "balanced"}), 60, "audio")
    redis_client.hset("llm:query_index", "a", "b")
    redis_client.set("llm:exact:broken", "{")
    names = ["llm:exact:a", "tts:p:v:h:wav", "llm:query_index", "llm:exact:broken", "llm:exact:gone"]
    answer, speech, index, broken = scan.describe(names) or []
    assert (answer.kind, answer.fields["question"]) == ("llm:exact", "Why?")
    assert answer.ttl and 55 <= answer.ttl <= 60
    assert (speech.kind, speech.fields) == ("tts", {"text": "Hello", "level": "balanced"})
    assert speech.bytes > 100_000
    assert (index.kind, index.ttl, index.fields) == ("llm:query_index", None, {})
    assert broken.fields == {}


def test_without_redis_it_finds_nothing_and_raises_nothing(use_redis: Callable[[str], None]) -> None:
    use_redis("redis://127.0.0.1:1/0")
    assert scan.scan(0) is None
    assert scan.describe(["llm:exact:a"]) is None
    assert scan.info() is None
    assert scan.size() is None
    assert everything() == set()
