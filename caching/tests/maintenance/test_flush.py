from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import redis

from caching import keys
from caching.maintenance import flush
from caching.maintenance.flush import Progress
from caching.maintenance.selection import LLM_KINDS, TTS_KINDS, Selection
from caching.redis import store
from caching.semantic.cache import forget_tier
from caching.tests.maintenance.test_browse import remember, speak

pytestmark = pytest.mark.django_db


def flushed(selection: Selection, dry_run: bool = False) -> Progress:
    *_, last = flush.flush(selection, dry_run=dry_run)
    return last


@pytest.fixture(autouse=True)
def empty(redis_client: redis.Redis) -> Iterator[None]:
    redis_client.set("somebody:elses", "1")
    yield
    forget_tier()


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(), set()),
        (Selection(kinds=LLM_KINDS), {"tts"}),
        (Selection(kinds=TTS_KINDS), {"old", "quality", "other"}),
        (Selection(level="quality"), {"old", "other", "tts"}),
        (Selection(client="other"), {"old", "quality", "tts"}),
        (Selection(older_than=3600), {"quality", "other", "tts"}),
        (Selection(pattern="*:other"), {"old", "quality", "tts"}),
        (Selection(client="bot", level="quality", kinds=TTS_KINDS), {"old", "quality", "other", "tts"}),
    ],
)
def test_a_flush_removes_what_is_selected_and_nothing_else(
    redis_client: redis.Redis, selection: Selection, left: set[str]
) -> None:
    names = {
        "old": remember("old", created=time.time() - 7200),
        "quality": remember("quality", level="quality"),
        "other": remember("other", by="other"),
        "tts": speak(),
    }
    dry = flushed(selection, dry_run=True)
    assert (dry.matched, dry.removed) == (4 - len(left), 0)
    assert redis_client.exists(*names.values()) == 4, "a dry run removes nothing"
    done = flushed(selection)
    assert done.removed == 4 - len(left)
    assert (done.bytes > 0) == (done.removed > 0)
    assert {name for name, key in names.items() if redis_client.exists(key)} == left
    assert redis_client.get("somebody:elses") == b"1"


def test_a_flush_that_loses_redis_says_so(use_redis: Callable[[str], None]) -> None:
    use_redis("redis://127.0.0.1:1/0")
    with pytest.raises(store.RedisFailed, match="refused"):
        flushed(Selection())


def test_kinds_are_all_of_ours() -> None:
    assert {*LLM_KINDS, *TTS_KINDS} <= {*keys.KINDS}
