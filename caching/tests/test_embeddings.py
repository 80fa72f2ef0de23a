from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import redis

from caching import embeddings, metrics
from caching.embeddings import Embedding, Passage, Source
from caching.maintenance import flush
from caching.maintenance.selection import EMB_KINDS, LLM_KINDS, Selection
from caching.policy import Policy, Quota
from caching.pricing.usage import Usage
from caching.result import CacheResult, NothingCached
from caching.tests.support.asking import FAILURES, change_entry

ONE, TWO, THREE = (
    Passage("client:1", "openai", "m", text, {"dimensions": 2}, asked_by="tester") for text in ("one", "two", "three")
)


@pytest.fixture(autouse=True)
def empty(redis_client: redis.Redis) -> redis.Redis:
    return redis_client


class Provider:
    """Embeds a text as its length, and remembers the texts that it was asked for."""

    def __init__(self, *, together: bool = False) -> None:
        self.asked: list[list[str]] = []
        self.fails = False
        self.source = Source(self.embed, together, failures=FAILURES, patience=5, stale_if=OSError)

    def embed(self, passages: list[Passage]) -> list[Embedding]:
        if self.fails:
            raise OSError
        self.asked.append([passage.input for passage in passages])
        return [{"embedding": [len(passage.input)], "billed": {"input_tokens": 5}} for passage in passages]


def embed(provider: Provider, *passages: Passage, policy: Policy | None = None) -> CacheResult[list[Embedding]]:
    return embeddings.embed(passages, policy or Policy(), provider.source)


def grow_older(client: Any, passage: Passage, seconds: int) -> None:
    change_entry(client, passage.key, lambda entry: {**entry, "created": entry["created"] - seconds})


def test_a_miss_knows_what_it_cost_and_what_was_served() -> None:
    provider = Provider()
    first, partial, hit = embed(provider, ONE), embed(provider, TWO, ONE, TWO), embed(provider, ONE, TWO)
    assert (first.status, first.partial, first.billed, first.served) == ("miss", False, Usage(input_tokens=5), Usage())
    assert (partial.status, partial.partial) == ("miss", True)
    assert partial.billed == partial.served == Usage(input_tokens=5)
    assert (hit.status, hit.match, hit.billed) == ("hit", "exact", Usage(input_tokens=10))
    assert [each["embedding"] for each in partial.value] == [[3], [3], [3]]
    assert provider.asked == [["one"], ["two"]]


def test_a_hit_is_as_old_as_its_oldest_part_and_fresh_until_the_first_expires(redis_client: Any) -> None:
    provider = Provider()
    embed(provider, ONE, TWO, policy=Policy("quality"))
    embed(provider, THREE)
    grow_older(redis_client, ONE, 100)
    hit = embed(provider, ONE, TWO, THREE)
    assert hit.age == 100
    assert 1690 < hit.ttl <= 1700, "fresh by the level that reads too"
    assert embed(provider, ONE, TWO, policy=Policy(max_age=50)).status == "miss"
    assert provider.asked[-1] == ["one"]


@pytest.mark.parametrize(
    "change",
    [
        {"key": "0" * 12},
        {"created": None},
        {"embedding": "AAAA"},
        {"embedding": {"billed": {}}},
        {"embedding": {"embedding": None, "billed": {}}},
        {"embedding": {"embedding": [1]}},
    ],
    ids=repr,
)
def test_a_damaged_entry_is_deleted_and_embedded_again(redis_client: redis.Redis, change: dict[str, Any]) -> None:
    provider = Provider()
    embed(provider, ONE, TWO)
    change_entry(redis_client, ONE.key, lambda entry: {**entry, **change})
    assert embeddings.lookup([ONE], Policy()) == [None]
    assert not redis_client.exists(ONE.key)
    assert embed(provider, ONE, TWO).status == "miss"
    assert provider.asked[-1] == ["one"]


def test_an_entry_moved_to_another_key_is_not_served(redis_client: redis.Redis) -> None:
    embed(Provider(), ONE)
    redis_client.rename(ONE.key, TWO.key)
    assert embeddings.lookup([TWO], Policy()) == [None]


@pytest.mark.parametrize("field", ["scope", "provider", "model", "input", "options"])
def test_every_field_but_the_name_of_the_client_is_part_of_the_key(field: str) -> None:
    other: Any = {"x": 1} if field == "options" else "other"
    assert replace(ONE, **{field: other}).key != ONE.key
    assert replace(ONE, asked_by="somebody else").key == ONE.key


def test_expired_embeddings_are_served_only_if_the_provider_fails(redis_client: Any, settings: Any) -> None:
    settings.STALE_IF_ERROR_SECONDS = 600
    provider = Provider()
    embed(provider, ONE, TWO)
    grow_older(redis_client, ONE, 2000)
    provider.fails = True
    before = metrics.STALE.labels("emb")._value.get()
    stale = embed(provider, ONE, TWO)
    assert (stale.status, stale.stale, stale.age, stale.ttl) == ("hit", True, 2000, -200)
    assert metrics.STALE.labels("emb")._value.get() == before + 1
    with pytest.raises(OSError):
        embed(provider, ONE, THREE)
    with pytest.raises(OSError):
        embed(provider, ONE, TWO, policy=Policy(max_age=3000))


def test_nothing_is_asked_for_if_only_the_cache_may_answer() -> None:
    provider = Provider()
    embed(provider, ONE)
    assert embed(provider, ONE, policy=Policy(only_if_cached=True)).status == "hit"
    with pytest.raises(NothingCached):
        embed(provider, ONE, TWO, policy=Policy(only_if_cached=True))
    assert provider.asked == [["one"]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(kinds=EMB_KINDS), 0),
        (Selection(client="tester"), 0),
        (Selection(kinds=EMB_KINDS, level="quality"), 1),
        (Selection(kinds=LLM_KINDS), 2),
        (Selection(client="somebody else"), 2),
    ],
    ids=lambda value: value.described if isinstance(value, Selection) else "",
)
def test_entries_are_flushed_by_kind_client_and_level(redis_client: Any, selection: Selection, left: int) -> None:
    embed(Provider(), ONE)
    embed(Provider(), TWO, policy=Policy("quality"))
    list(flush.flush(selection))
    assert len(redis_client.keys("emb:*")) == left


def test_a_quota_stores_as_many_as_it_allows(redis_client: redis.Redis) -> None:
    result = embed(Provider(), ONE, TWO, THREE, policy=Policy(quota=Quota("tester", 2)))
    assert (len(redis_client.keys("emb:*")), result.stored, result.ttl) == (2, False, 0)


def test_inputs_that_belong_together_are_embedded_together(redis_client: redis.Redis) -> None:
    provider = Provider(together=True)
    embed(provider, ONE, TWO)
    redis_client.delete(ONE.key)
    assert embed(provider, ONE, TWO).served == Usage()
    assert provider.asked == [["one", "two"]] * 2
    assert embed(provider, ONE, TWO).status == "hit"


def test_more_entries_than_one_round_trip_takes(redis_client: redis.Redis) -> None:
    provider = Provider()
    many = [replace(ONE, input=f"text {number}") for number in range(embeddings.BATCH * 2 + 1)]
    assert embed(provider, *many).stored
    assert embed(provider, *many).status == "hit"
    assert len(redis_client.keys("emb:*")) == len(many)
