from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from caching import entry, keys
from caching.policy import LEVELS, Level, Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.redis.serializers import StoredObject

KEY = "llm:exact:a"
SUBJECT = SimpleNamespace(key=KEY, content=keys.content_of("a"), asked_by="tester")
USAGE = Usage(characters=3)


def fields_of(policy: Policy | None = None, *, age: int = 0, **change: Any) -> dict[str, Any]:
    fields = entry.envelope(SUBJECT, "llm", policy or Policy(), version=2, age=age)
    return {**fields, **change}


def read(fields: dict[str, Any], policy: Policy | None = None, key: str = KEY) -> entry.CacheEntry[str] | None:
    return entry.read(key, fields, "llm", policy or Policy(), lambda: ("value", USAGE), version=2)


def test_what_is_written_is_read_again(redis_client: redis.Redis) -> None:
    found = read(fields_of(Policy("speed")))
    assert found is not None
    assert (found.value, found.usage, found.ttl, found.level, found.kept, found.age) == (
        *("value", USAGE, 600, "speed", 0, 0),
    )


def test_what_readers_share_is_parsed_once_and_accepted_by_each(redis_client: redis.Redis) -> None:
    fields, parsed = StoredObject(fields_of(Policy("quality"), created=time.time() - 1700)), []

    def parse() -> tuple[str, Usage]:
        parsed.append(1)
        return "value", USAGE

    policies = [Policy("quality"), Policy("balanced"), Policy("speed"), Policy(max_age=60), Policy(max_age=2000)]
    found = [entry.read(KEY, fields, "llm", policy, parse, version=2) for policy in policies]
    assert found == [read(dict(fields), policy) for policy in policies]
    assert (len(parsed), [each is not None for each in found]) == (1, [True, True, False, False, True])


def test_an_entry_says_what_was_asked_and_by_whom() -> None:
    fields = entry.envelope(SUBJECT, "llm", Policy(), version=2)
    assert (fields["v"], fields["by"], fields["level"]) == (2, "tester", "balanced")
    assert keys.unpacked(fields)["content"] == SUBJECT.content
    assert fields["created"] == pytest.approx(time.time(), abs=1) and fields["created"] == round(fields["created"], 3)


def test_an_entry_of_another_version_is_left_to_the_workers_of_that_version(redis_client: redis.Redis) -> None:
    for version in (1, 3):
        store.put(KEY, {"some": "value"}, 60)
        assert read(fields_of(v=version)) is None
        assert redis_client.exists(KEY)


def test_parts_made_earlier_make_an_entry_older_and_end_it_earlier(redis_client: redis.Redis) -> None:
    fields = fields_of(age=100)
    found = read(fields)
    assert found is not None and found.age in (99, 100), "to the millisecond"
    assert (entry.seconds_in_redis(fields), entry.seconds_in_redis(fields, 100)) == (1800, 1700)


def test_stale_if_error_keeps_an_entry_in_redis_for_longer(settings: Any) -> None:
    settings.STALE_IF_ERROR_SECONDS = 60
    fields = fields_of()
    assert (fields["kept"], fields["ttl"], entry.seconds_in_redis(fields)) == (60, 1800, 1860)
    as_stored, for_speed = read(fields), read(fields, Policy("speed"))
    assert as_stored is not None and (as_stored.ttl, as_stored.kept) == (1800, 60)
    assert for_speed is not None and (for_speed.ttl, for_speed.kept) == (600, 1260)


def test_a_value_without_a_version_is_not_one_of_a_version(redis_client: redis.Redis) -> None:
    fields = entry.envelope(SUBJECT, "tts", Policy(), version=None)
    assert "v" not in fields
    assert entry.read(KEY, fields, "llm", Policy(), lambda: (b"", None), version=None) is not None
    assert read(fields) is None


@pytest.mark.parametrize(
    ("created", "policy", "accepted"),
    [
        (-100, Policy(), True),
        (-2000, Policy(), True),  # Redis lets it live: its clock decides
        (-99, Policy(max_age=100), True),
        (-101, Policy(max_age=100), False),
    ],
)
def test_the_age_of_an_entry_that_redis_drops_in_time(
    redis_client: redis.Redis, created: int, policy: Policy, accepted: bool
) -> None:
    found = read(fields_of(created=time.time() + created), policy)
    assert (found is not None) == accepted


@pytest.mark.parametrize(
    ("created", "policy", "accepted"),
    [
        (-1799, Policy(), True),
        (-1801, Policy(), False),
        (4, Policy(), True),
        (6, Policy(), False),
        (-1801, Policy(stale=True), True),
        (-1801, Policy(stale=True, max_age=5000), False),
        (-100, Policy(max_age=5000), True),
    ],
)
def test_the_age_of_an_entry_that_redis_keeps_for_longer(
    redis_client: redis.Redis, settings: Any, created: int, policy: Policy, accepted: bool
) -> None:
    settings.STALE_IF_ERROR_SECONDS = 600
    found = read(fields_of(created=time.time() + created), policy)
    assert (found is not None) == accepted


@pytest.mark.parametrize(
    "change", [{"v": "old"}, {"key": "0" * 12}, {"created": "now"}, {"ttl": None}, {"level": ...}, {"kept": "long"}]
)
def test_an_entry_of_another_form_is_deleted(redis_client: redis.Redis, change: dict[str, Any]) -> None:
    store.put(KEY, {"some": "value"}, 60)
    fields = fields_of(**change)
    if change == {"level": ...}:
        del fields["level"]
    assert read(fields) is None
    assert not redis_client.exists(KEY)


def test_an_entry_that_was_moved_is_deleted_where_it_lies(redis_client: redis.Redis) -> None:
    store.put(KEY, {"some": "value"}, 60)
    store.put("llm:exact:b", {"some": "value"}, 60)
    assert read(fields_of(), key="llm:exact:b") is None
    assert redis_client.keys() == [KEY.encode()]


@pytest.mark.parametrize("error", [AttributeError, KeyError, TypeError, ValueError])
def test_a_value_that_cannot_be_parsed_is_deleted(redis_client: redis.Redis, error: type[Exception]) -> None:
    def parse() -> tuple[str, None]:
        raise error

    store.put(KEY, {"some": "value"}, 60)
    assert entry.read(KEY, fields_of(), "llm", Policy(), parse, version=2) is None
    assert not redis_client.exists(KEY)


def test_an_entry_that_is_too_old_for_one_caller_stays_for_others(redis_client: redis.Redis) -> None:
    store.put(KEY, {"some": "value"}, 60)
    assert read(fields_of(created=time.time() - 100), Policy(max_age=50)) is None
    assert redis_client.exists(KEY)


@pytest.mark.parametrize("stored_by", LEVELS)
@pytest.mark.parametrize("read_by", LEVELS)
@pytest.mark.parametrize("age", [100, 590, 610, 1_790, 1_810, 3_590])
def test_an_entry_is_as_fresh_as_both_its_level_and_that_of_the_reader_allow(
    stored_by: Level, read_by: Level, age: int
) -> None:
    seconds = {"quality": 3_600, "balanced": 1_800, "speed": 600}
    found = read(fields_of(Policy(stored_by), created=time.time() - age), Policy(read_by))
    fresh_for = min(seconds[stored_by], seconds[read_by])
    # Past the time of its own level Redis has dropped it.
    if age < seconds[stored_by]:
        assert (found is not None) == (age < fresh_for)
    assert found is None or (found.ttl, found.kept) == (fresh_for, seconds[stored_by] - fresh_for)


def test_a_rule_that_shortens_the_time_holds_for_entries_that_exist_already() -> None:
    fields = fields_of(created=time.time() - 20)
    assert read(fields, Policy(seconds=30)) is not None
    assert read(fields, Policy(seconds=10)) is None
    assert read(fields, Policy(seconds=10, stale=True)) is not None
