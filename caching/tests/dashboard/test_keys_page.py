from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.contrib.admin.models import DELETION, LogEntry
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching import keys
from caching.models import Call, EntryHits
from caching.redis import store
from caching.redis.serializers import Audio
from caching.tests.support.staff import READING, browser_of
from speechsite.tests.support.redis_server import RedisServer

pytestmark = pytest.mark.django_db

LIST, REMOVE, REMOVE_MATCHING = reverse("keys"), reverse("remove-keys"), reverse("remove-matching-keys")
SPOKEN = "tts:espeak:en-us%2Bf3:0123:mp3"


@pytest.fixture
def reader(redis_client: redis.Redis, db: None) -> Browser:
    return browser_of("reader", *READING)


@pytest.fixture
def remover(redis_client: redis.Redis, db: None) -> Browser:
    return browser_of("remover", *READING, "delete_entries")


def remember(name: str, **fields: Any) -> str:
    key = f"llm:exact:{name}"
    entry = {"question": f"{name}?", "level": "speed", "by": "bot", "created": time.time() - 90, **fields}
    assert store.put(key, entry, 630)
    return key


def speak() -> str:
    assert store.put(SPOKEN, Audio(b"sound", {"text": "Hello", "by": "ivr", "created": time.time()}), 600, "audio")
    return SPOKEN


def page_of(browser: Browser, key: str) -> Any:
    return browser.get(reverse("key"), {"key": key})


def test_the_list_says_what_there_is_to_know_of_each_key(reader: Browser) -> None:
    key = remember("weather")
    page = reader.get(LIST).content.decode()
    for text in (key, "weather?", "answer", "10 min", "1 min", "speed"):
        assert text in page


def test_it_lists_by_kind_by_pattern_and_by_text(reader: Browser) -> None:
    weather, spoken = remember("weather"), speak()
    asked = Call(created=timezone.now(), cache_type="llm", outcome="miss", key=weather, question="What weather?")
    asked.save()
    for query, found in (("kind=tts", spoken), ("q=llm:exact:wea*", weather), ("q=what+weather", weather)):
        page = reader.get(f"{LIST}?{query}")
        assert [row.stored.key for row in page.context["page"].rows] == [found], query


def test_semantic_entries_are_found_by_their_words_and_hidden_unless_asked_for(reader: Browser) -> None:
    semantic = keys.semantic_key("0123", "what is the capital of France")
    assert store.put(semantic, {"question": "What is the capital of France?", "answer_key": "llm:exact:a"}, 600)
    answer = remember("capital")
    for query, found in (("", [answer]), ("kind=llm:semantic&q=FRANCE", [semantic]), ("q=llm:semantic:*", [semantic])):
        page = reader.get(f"{LIST}?{query}")
        assert [row.stored.key for row in page.context["page"].rows] == found, query
    assert not reader.get(f"{LIST}?kind=llm:semantic&q=f*nce").context["page"].rows


def test_after_a_deletion_the_list_has_its_filters_again(remover: Browser) -> None:
    key = remember("weather")
    assert 'name="back" value="level=speed"' in remover.get(LIST, {"level": "speed"}).content.decode()
    question = remover.post(REMOVE, {"key": key, "back": "level=speed"}).content.decode()
    assert "weather?" in question and f'href="{LIST}?level=speed"' in question
    done = remover.post(REMOVE, {"key": key, "back": "level=speed&next=//evil.example", "confirmed": "yes"})
    assert done["Location"] == f"{LIST}?level=speed&next=%2F%2Fevil.example"


def test_it_pages_with_a_cursor_through_everything_once(reader: Browser, redis_client: redis.Redis) -> None:
    redis_client.mset({f"llm:exact:{number}": "{}" for number in range(300)})
    seen: list[str] = []
    query = ""
    for _ in range(20):
        page = reader.get(f"{LIST}?{query}")
        seen += [row.stored.key for row in page.context["page"].rows]
        query = page.context["next"]
        if not query:
            break
    assert len(seen) == len(set(seen)) == 300


def test_a_value_is_shown_tidy_and_not_run(reader: Browser) -> None:
    page = page_of(reader, remember("bad", answer='</pre><script>alert("x")</script>'))
    assert b"<script>alert" not in page.content and b"&lt;script&gt;alert" in page.content
    assert "unsafe-inline" not in page["Content-Security-Policy"].split("script-src")[1].split(";")[0]


def test_sound_comes_with_its_type(reader: Browser) -> None:
    page = page_of(reader, speak())
    assert "<audio" in page.content.decode() and "Hello" in page.content.decode()
    sound = reader.get(reverse("key-audio"), {"key": SPOKEN})
    assert (sound.content, sound["Content-Type"]) == (b"sound", "audio/mpeg")
    assert reader.get(reverse("key-audio"), {"key": remember("text")}).status_code == 404


def test_what_is_not_there_or_not_ours_is_said_to_be_absent(reader: Browser, redis_client: redis.Redis) -> None:
    redis_client.set("session:secret", '{"token": "s3cret"}')
    for key in ("llm:exact:gone", "session:secret", ""):
        page = page_of(reader, key)
        assert page.status_code == 404 and b"s3cret" not in page.content


def test_who_may_only_look_is_offered_nothing_and_refused(reader: Browser) -> None:
    key = remember("kept")
    for page in (reader.get(LIST), page_of(reader, key)):
        assert b"Delete selected" not in page.content and b"Delete all" not in page.content
    for path, fields in ((REMOVE, {"key": key}), (REMOVE_MATCHING, {"q": "*"})):
        assert reader.post(path, {**fields, "confirmed": "yes"}).status_code == 403
    assert store.get(key)


def test_chosen_keys_are_removed_after_a_question_and_logged(remover: Browser) -> None:
    chosen, kept = remember("chosen"), remember("kept")
    question = remover.post(REMOVE, {"key": chosen})
    assert b"Delete 1 entry?" in question.content and store.get(chosen)
    remover.post(REMOVE, {"key": chosen, "confirmed": "yes"})
    assert store.get(chosen) is None and store.get(kept)
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_repr, entry.is_deletion()) == ("remover", chosen, True)


def test_everything_that_matches_is_counted_first_then_removed(remover: Browser, redis_client: redis.Redis) -> None:
    for number in range(12):
        remember(f"old-{number}")
    kept = remember("new")
    redis_client.set("session:old-1", "of somebody else")
    selection = {"kind": keys.EXACT, "q": "llm:exact:old-*"}
    question = remover.post(REMOVE_MATCHING, selection)
    assert b"Delete 12 entries" in question.content and len(redis_client.keys("llm:exact:*")) == 13
    remover.post(REMOVE_MATCHING, {**selection, "confirmed": "yes"})
    # The index of questions has the news for the other workers.
    assert sorted(redis_client.keys()) == [kept.encode(), keys.QUERY_INDEX.encode(), b"session:old-1"]
    assert "Deleted 12 entries" in LogEntry.objects.get().change_message


def test_the_filters_of_the_list_are_those_of_the_removal(remover: Browser) -> None:
    fast, slow, old = remember("fast"), remember("slow", level="quality"), remember("old", created=time.time() - 9000)
    filters = {"kind": keys.EXACT, "level": "speed", "client": "bot", "older_than": "1h"}
    listed = remover.get(LIST, filters)
    assert [row.stored.key for row in listed.context["page"].rows] == [old]
    for name, value in filters.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in listed.content.decode()
    question = remover.post(REMOVE_MATCHING, filters).content.decode()
    assert "Delete 1 entry" in question and "level speed" in question
    remover.post(REMOVE_MATCHING, {**filters, "confirmed": "yes"})
    assert store.get(old) is None and store.get(fast) and store.get(slow)
    assert "client bot" in LogEntry.objects.get(action_flag=DELETION).object_repr


@pytest.mark.parametrize("filters", [{"older_than": "yesterday"}, {"kind": "session"}, {"q": "a word of the question"}])
def test_a_removal_with_a_filter_that_is_not_understood_removes_nothing(remover: Browser, filters: Any) -> None:
    key = remember("kept")
    answer = remover.post(REMOVE_MATCHING, {**filters, "confirmed": "yes"}, follow=True)
    assert "Nothing was deleted" in answer.content.decode() and store.get(key)


def test_a_filter_that_is_not_understood_is_named(reader: Browser) -> None:
    assert "must look like 90s, 15m" in reader.get(LIST, {"older_than": "yesterday"}).content.decode()


def test_nobody_elses_key_can_be_removed(remover: Browser, redis_client: redis.Redis) -> None:
    redis_client.set("session:a", "b")
    remover.post(REMOVE, {"key": "session:a", "confirmed": "yes"})
    assert redis_client.get("session:a") == b"b"


def test_a_page_of_a_million_keys_is_quick(reader: Browser, redis_client: redis.Redis) -> None:
    fill = "for i = ARGV[1], ARGV[1] + 9999 do redis.call('SET', 'llm:exact:' .. string.format('%d', i), '{}') end"
    for start in range(0, 1_000_000, 10_000):
        redis_client.eval(fill, 0, start)
    assert redis_client.dbsize() == 1_000_000
    for query in ("", "kind=llm:exact", "kind=tts", "q=llm:exact:999999*"):
        times = []
        for _ in range(3):
            # Of the processor: others may use this machine too.
            began = time.thread_time()
            assert reader.get(f"{LIST}?{query}").context["page"] is not None
            times.append(time.thread_time() - began)
        assert min(times) < 0.2, query
    redis_client.flushall()


def test_it_works_without_redis(reader: Browser, use_redis: Any) -> None:
    use_redis("")
    assert b"so there are no entries to show" in reader.get(LIST).content
    assert page_of(reader, "llm:exact:a").status_code == 404


@pytest.mark.parametrize("refused", ["unlink", "memory|usage"])
def test_a_deletion_that_redis_refuses_is_no_success(
    remover: Browser, use_redis: Callable[[str], None], refused: str
) -> None:
    with RedisServer("--user", "bob", "on", ">b", "~*", "&*", "+@all", f"-{refused}") as server:
        use_redis(f"redis://bob:b@127.0.0.1:{server.port}/0")
        key = remember("weather")
        about = {"confirmed": "yes"}
        pages = [remover.post(REMOVE_MATCHING, about, follow=True)]
        if refused == "unlink":
            pages.append(remover.post(REMOVE, {**about, "key": key}, follow=True))
        for page in pages:
            text = page.content.decode()
            assert "Try again" in text and "lacks a permission" in text
        assert store.get(key)


def test_savings_in_several_currencies_are_one_sum_beside_those_without_a_rate(
    reader: Browser, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = {"USD": "1", "EUR": "0.5", "INR": "80"}
    settings.DISPLAY_CURRENCY, settings.CURRENCY_RATES = "EUR", {name: Decimal(rate) for name, rate in rates.items()}
    key = remember("weather")
    for currency, saved in (("XTS", 3), ("USD", 4), ("INR", 160)):
        row = {"day": timezone.now().date(), "cache_type": "llm", "currency": currency}
        EntryHits.objects.create(**row, key=key, saved=Decimal(saved))
    call = {"created": timezone.now(), "cache_type": "llm", "outcome": "miss", "key": key}
    Call.objects.create(**call, cost=Decimal(8), currency="USD")
    page = page_of(reader, key).content.decode()
    assert "<dt>Saved</dt><dd>€3.00, sample $3.00</dd>" in page and "<dt>Cost</dt><dd>€4.00</dd>" in page
    call_command("cache_inspect", key)
    facts = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["Saved", "€3.00, sample $3.00"] in facts and ["Cost", "€4.00"] in facts
