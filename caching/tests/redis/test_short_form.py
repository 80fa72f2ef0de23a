from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from caching import embeddings, keys, stt, tts
from caching.entry import CacheEntry, is_of_another_version
from caching.llm import cache as llm
from caching.llm.entry import VERSION, from_value
from caching.policy import LEVELS, Policy
from caching.redis import scan, store
from caching.redis.serializers import Audio, AudioSerializer, JSONSerializer, Unreadable
from caching.redis.short_form import complete, shortened
from caching.semantic.cache import forget_tier
from caching.tests.support.asking import QUESTION, Fresh, Provider, ask, spoken
from caching.tests.support.paraphrases import ASKED, asked, question
from caching.tests.test_embeddings import ONE
from caching.tests.test_stt import RECORDING, TRANSCRIPT
from caching.tests.test_tts import AUDIO, BILLED, UTTERANCE

CHECK, DIGESTS = "0123456789ab", keys.packed("0" * 32, "1" * 32)
ENTRY = {"key": CHECK, "level": "balanced"}
SHORT_ENTRY = {"v": 10, "key": CHECK}
COUNTED = {"prompt_tokens": 12, "completion_tokens": 17, "total_tokens": 29}


@pytest.mark.parametrize(
    ("full", "short"),
    [
        (ENTRY, SHORT_ENTRY),
        ({"v": 2, **ENTRY}, {"v": 12, "key": CHECK}),
        ({**ENTRY, "level": "speed"}, {**SHORT_ENTRY, "level": "speed"}),
        ({**ENTRY, "digests": DIGESTS}, {"v": 10, "key": f"{CHECK}.{DIGESTS}"}),
        ({**ENTRY, "usage": COUNTED}, {**SHORT_ENTRY, "usage": [12, 17]}),
        ({**ENTRY, "usage": {**COUNTED, "cost": 1}}, {**SHORT_ENTRY, "usage": [12, 17, {"cost": 1}]}),
        ({**ENTRY, "usage": {**COUNTED, "total_tokens": 30}}, ...),
        ({**ENTRY, "usage": {**COUNTED, "prompt_tokens": 12.0}}, ...),
        ({**ENTRY, "usage": {"prompt_tokens": True, "completion_tokens": 1, "total_tokens": 2}}, ...),
        ({**ENTRY, "usage": {"total_tokens": 7}}, ...),
        ({**ENTRY, "usage": {}}, ...),
        ({**ENTRY, "usage": None}, ...),
        ({**ENTRY, "billed": {"characters": 38}}, {**SHORT_ENTRY, "billed": 38}),
        ({**ENTRY, "billed": {"characters": 38, "input_tokens": 9}}, ...),
        ({**ENTRY, "billed": {"input_tokens": 9}}, ...),
        ({**ENTRY, "billed": {}}, ...),
    ],
)
def test_the_short_form_leaves_out_what_most_entries_have_in_common(full: dict[str, Any], short: Any) -> None:
    given = json.loads(json.dumps(full))
    found = shortened(given)
    rest = {name: value for name, value in full.items() if name != "level"}
    assert found == ({**rest, "v": 10} if short is ... else short)
    assert given == full, "what is given stays as it is"
    complete(found)
    assert found == full


USAGES = st.none() | st.dictionaries(st.sampled_from([*COUNTED, "details"]), st.integers(0, 3) | st.booleans())
ENTRIES = st.fixed_dictionaries(
    {"key": st.just(CHECK), "level": st.sampled_from(LEVELS), "created": st.floats(0, 2e9)},
    optional={
        "v": st.integers(1, 30),
        "digests": st.just(DIGESTS),
        "content": st.just("0" * 32),
        "usage": USAGES,
        "billed": st.dictionaries(st.sampled_from(["characters", "input_tokens"]), st.integers(0, 3)),
        "question": st.text(),
        "kept": st.integers(0, 60),
    },
)


@given(ENTRIES)
def test_every_entry_comes_back_as_it_was(entry: dict[str, Any]) -> None:
    stored = json.loads(json.dumps(shortened(entry)))
    complete(stored)
    assert json.dumps(stored, sort_keys=True) == json.dumps(entry, sort_keys=True)


@pytest.mark.parametrize(
    "other", [{}, {"v": 12}, {"level": "balanced"}, {"key": CHECK}, {**ENTRY, "v": "2"}, {**ENTRY, "v": None}]
)
def test_what_is_no_entry_has_no_short_form(other: dict[str, Any]) -> None:
    stored = shortened(other)
    assert stored is other
    complete(stored)
    assert stored == json.loads(json.dumps(other))


@pytest.mark.parametrize(
    "stored",
    [{"key": 5}, {"usage": []}, {"usage": [1]}, {"usage": [1, None]}, {"usage": [1, 2, 3]}, {"usage": [1] * 4}],
)
def test_what_is_no_short_form_is_unreadable(stored: dict[str, Any], redis_client: redis.Redis) -> None:
    value = {**SHORT_ENTRY, **stored}
    with pytest.raises(Unreadable):
        complete(dict(value))
    redis_client.set("llm:exact:a", JSONSerializer({}).dumps(value))
    assert [each.fields for each in scan.describe(["llm:exact:a"]) or []] == [{}]
    assert store.get("llm:exact:a") is None
    assert not redis_client.exists("llm:exact:a")


class Kind(NamedTuple):
    key: str
    remember: Callable[[], bool]
    lookup: Callable[[], CacheEntry[Any] | None]
    # Of the full form; None for none.
    version: int | None


def _answer() -> bool:
    return ask(QUESTION, Policy(), Provider(Fresh(spoken("Sunny.").choices, usage=COUNTED))).stored


KINDS = {
    "llm": Kind(
        QUESTION.key, _answer, lambda: from_value(QUESTION.key, store.get(QUESTION.key) or {}, Policy()), VERSION
    ),
    "tts": Kind(
        UTTERANCE.key,
        lambda: tts.remember(UTTERANCE, AUDIO, Policy(), BILLED),
        lambda: tts.lookup([UTTERANCE], Policy())[0],
        None,
    ),
    "stt": Kind(
        RECORDING.key,
        lambda: stt.remember(RECORDING, TRANSCRIPT, Policy()),
        lambda: stt.lookup(RECORDING, Policy()),
        stt.VERSION,
    ),
    "emb": Kind(
        ONE.key,
        lambda: embeddings.remember([ONE], [{"embedding": [1], "billed": {"input_tokens": 5}}], Policy()),
        lambda: embeddings.lookup([ONE], Policy())[0],
        embeddings.VERSION,
    ),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, redis_client: redis.Redis, settings: Any) -> Kind:
    settings.SEMANTIC_MODE = "off"
    return KINDS[request.param]


def _in_redis(client: Any, key: str) -> dict[str, Any]:
    """Return the fields of an entry as Redis holds them."""
    value = client.get(key)
    return AudioSerializer({}).loads_fields(value) if key[:3] == "tts" else JSONSerializer({}).loads(value)


def _full(key: str) -> bytes:
    """Return the value of an entry as versions without a short form wrote it."""
    value = store.get(key, "audio" if key[:3] == "tts" else "default")
    return AudioSerializer({}).dumps(value) if isinstance(value, Audio) else JSONSerializer({}).dumps(value or {})


def test_entries_in_full_are_served_too(kind: Kind, redis_client: redis.Redis) -> None:
    assert kind.remember()
    short, full, stored = kind.lookup(), _full(kind.key), redis_client.get(kind.key) or b""
    assert short is not None and short.level == "balanced" and short.usage
    assert len(full) > len(stored)
    redis_client.set(kind.key, full)
    fields = _in_redis(redis_client, kind.key)
    assert (fields.get("v"), fields["level"]) == (kind.version, "balanced")
    assert kind.lookup() == short
    assert redis_client.get(kind.key) == full


def test_an_earlier_version_leaves_the_short_form_alone(kind: Kind, redis_client: redis.Redis) -> None:
    assert kind.remember()
    fields = _in_redis(redis_client, kind.key)
    assert fields["v"] == (kind.version or 0) + 10 and "level" not in fields
    assert is_of_another_version(fields, kind.version)


def test_people_see_an_entry_in_full(kind: Kind, redis_client: redis.Redis) -> None:
    assert kind.remember()
    [short] = scan.describe([kind.key]) or []
    redis_client.set(kind.key, _full(kind.key), keepttl=True)
    [full] = scan.describe([kind.key]) or []
    assert short.fields == full.fields
    assert short.fields["level"] == "balanced" and len(short.fields["content"]) == 32


def test_a_question_of_the_same_wording_is_found_in_both_forms(redis_client: redis.Redis) -> None:
    forget_tier()
    asked(ASKED, "balanced")
    other = question(ASKED.lower())
    assert other.semantic
    key = other.semantic.key
    for value in (redis_client.get(key), _full(key)):
        redis_client.set(key, value)  # type: ignore[arg-type]
        found = llm.find(other, Policy())
        assert found and found.matched and found.matched.tier == "normalized"
    assert _in_redis(redis_client, key)["level"] == "balanced"
