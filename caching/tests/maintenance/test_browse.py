from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.utils import timezone

from caching.maintenance import browse, paging
from caching.maintenance.selection import Selection
from caching.models import Call, EntryHits
from caching.pricing.money import Money
from caching.redis import store
from caching.redis.serializers import Audio

pytestmark = pytest.mark.django_db

SPOKEN = "tts:espeak:en-gb:0123:wav"


def remember(name: str, **fields: Any) -> str:
    key = f"llm:exact:{name}"
    entry = {"question": f"{name}?", "level": "balanced", "by": "bot", "created": time.time(), **fields}
    assert store.put(key, entry, 600)
    return key


def speak(**fields: Any) -> str:
    entry = {"text": "Hello", "level": "speed", "by": "ivr", "created": time.time(), **fields}
    assert store.put(SPOKEN, Audio(b"RIFF", entry), 600, "audio")
    return SPOKEN


def browsed(text: str = "", count: int = 50, **conditions: Any) -> list[str]:
    names, cursor = [], 0
    while page := browse.browse(Selection(**conditions), text, cursor, count):
        names += [row.stored.key for row in page.rows]
        cursor = page.cursor
        if not cursor:
            return sorted(names)
    raise AssertionError("Redis is away")


@pytest.fixture(autouse=True)
def empty(redis_client: redis.Redis) -> None:
    redis_client.set("somebody:elses", "1")


def test_it_pages_through_everything_exactly_once() -> None:
    names = [remember(str(number)) for number in range(300)]
    assert browsed(count=20) == sorted(names)
    first = browse.browse(Selection(), count=20)
    assert first and 20 <= len(first.rows) < 100 and first.cursor


def test_it_lists_by_kind_and_by_pattern() -> None:
    a, b, spoken = remember("a"), remember("b"), speak()
    assert browsed(kinds=("tts",)) == [spoken]
    assert browsed(kinds=("llm:exact",)) == [a, b]
    assert browsed(pattern="*:b") == [b]
    assert browsed(kinds=("tts",), pattern="*:b") == []


def test_it_lists_by_level_by_who_made_it_and_by_age() -> None:
    old, fast, other = remember("a", created=time.time() - 900), remember("b", level="speed"), remember("c", by="ivr")
    assert browsed(level="speed") == [fast]
    assert browsed(client="ivr") == [other]
    assert browsed(older_than=600) == [old]
    assert browsed(client="ivr", level="speed") == []


def test_it_finds_by_what_was_asked_while_the_entry_exists() -> None:
    key = remember("a")
    for found in (key, key, "llm:exact:gone"):
        Call.objects.create(
            created=timezone.now(), cache_type="llm", outcome="miss", key=found, question="Is it RAINING?"
        )
    assert browsed(text="raining") == [key]
    assert browsed(text="raining", kinds=("tts",)) == []
    assert browsed(text="snow") == []


def test_a_row_says_how_old_an_entry_is_and_how_often_it_hit() -> None:
    key = remember("a", created=time.time() - 100)
    for days in (0, 1):
        EntryHits.objects.create(day=timezone.now().date() - timedelta(days=days), key=key, cache_type="llm", hits=3)
    page = browse.browse(Selection())
    assert page
    (row,) = page.rows
    assert row.age is not None and 100 <= row.age < 130
    assert (row.hits, row.level, row.text, row.made_by) == (6, "balanced", "a?", "bot")
    assert row.stored.bytes > 0 and row.stored.ttl and row.stored.ttl > 570


def test_one_entry_is_shown_with_what_it_cost_and_saved() -> None:
    key = remember("a")
    Call.objects.create(
        created=timezone.now(), cache_type="llm", outcome="miss", key=key, cost=Decimal("0.5"), currency="USD"
    )
    EntryHits.objects.create(
        day=timezone.now().date(), key=key, cache_type="llm", hits=3, saved=Decimal("1.5"), currency="USD"
    )
    detail = browse.inspect(key)
    assert detail
    assert (detail.cost, detail.saved) == (Money(Decimal("0.5"), "USD"), [Money(Decimal("1.5"), "USD")])
    assert (detail.row.hits, detail.audio, detail.row.stored.fields["question"]) == (3, None, "a?")
    assert browse.as_json(detail)["cost"] == {"amount": "0.500000000", "currency": "USD"}


def test_speech_is_shown_with_its_audio_and_a_cost_that_is_not_known_is_none() -> None:
    detail = browse.inspect(speak())
    assert detail and (detail.audio, detail.cost, detail.saved) == (b"RIFF", None, [])


def test_a_key_that_does_not_exist_is_none() -> None:
    assert browse.inspect("llm:exact:gone") is None


def test_a_page_ends_when_its_time_is_over_however_many_keys_there_are(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis_client.mset({f"llm:exact:{number}": "{}" for number in range(10_000)})
    monkeypatch.setattr(paging, "PAGE_SECONDS", 0)
    choices: list[dict[str, Any]] = [{"kinds": ("tts",)}, {"pattern": "*:needle"}]
    for options in choices:
        redis_client.config_resetstat()
        page = browse.browse(Selection(**options))
        assert page and not page.rows and page.cursor, "there is somewhere to go on from"
        statistics: Any = redis_client.info("commandstats")
        assert statistics["cmdstat_scan"]["calls"] == 1


def test_a_search_by_text_goes_on_where_its_time_was_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SECONDS", 0)
    monkeypatch.setattr(paging, "CALLS_STEP", 10)
    calls = [(remember("needle"), "Where is the needle?"), *((f"llm:exact:{n}", "Hay") for n in range(25))]
    for key, question in calls:
        Call.objects.create(created=timezone.now(), cache_type="llm", outcome="miss", key=key, question=question)
    pages, cursor = [], 0
    while True:
        page = browse.browse(Selection(), "NEEDLE", cursor)
        assert page
        pages.append([row.stored.key for row in page.rows])
        if not (cursor := page.cursor):
            break
    assert pages == [[], [], ["llm:exact:needle"]]


def test_the_next_to_expire_are_those_of_all_keys(redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(300):
        redis_client.set(f"llm:exact:{number}", "{}", ex=1000 + number)
    redis_client.set("llm:exact:for-ever", "{}")
    monkeypatch.setattr(paging, "MAX_FOUND", 3)
    page = browse.browse(Selection(), sort="expires")
    assert page and [row.stored.key for row in page.rows] == [f"llm:exact:{number}" for number in range(3)]
    assert (page.cursor, page.looked_at) == (0, None)
    monkeypatch.setattr(paging, "TTL_STEP", 50)
    monkeypatch.setattr(paging, "PAGE_SECONDS", 0)
    page = browse.browse(Selection(), sort="expires")
    assert page and page.looked_at and page.looked_at < 300


def test_the_spoken_forms_of_an_answer_are_in_the_order_of_its_sentences() -> None:
    answer = "It is open. It closes at nine."
    for number, text in enumerate(("It closes at nine.", "It is open.", "It is shut.")):
        key = f"tts:espeak:en-gb:{number:04}:wav"
        assert store.put(key, Audio(b"RIFF", {"text": text, "created": time.time()}), 600, "audio")
        Call.objects.create(created=timezone.now(), cache_type="tts", outcome="miss", key=key, question=text)
    detail = browse.inspect(remember("a", answer=answer))
    assert detail
    assert [row.text for row in browse.spoken_forms(detail.row)] == ["It is open.", "It closes at nine."]
