"""Nobody is given what was made for another request: a property of every tier, checked over generated pairs.

A pair is one request and a second one that differs in at least one thing that an answer depends on. The first is
remembered; the second must not find it, neither stored nor while it is being made. A pair without a difference must.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, product
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from caching import stt, tts
from caching.coordination import single_flight
from caching.llm import cache as llm
from caching.llm.request import ChatQuery
from caching.llm.stream import WholeAnswer
from caching.policy import Policy
from caching.result import NothingCached
from caching.semantic import indexes
from caching.semantic.cache import forget_tier, tier
from caching.semantic.indexes.base import Entry
from speech.api.openai import model_names
from speech.api.openai.serializers import AudioSpeechSerializer, ChatCompletionSerializer
from speech.models import Client
from speech.providers.base import TranscriptionRequest
from speech.routing import fallback
from speech.routing.cache_query import question_of as asked_of
from speech.routing.cache_query import recording_of as heard_of
from speech.routing.error_transfer import FAILURES
from speech.services.speech_plan import speaker_of

EXAMPLES = 100
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SPEED = Policy("speed")
ONLY_CACHED = Policy("speed", only_if_cached=True)

# Near duplicates on purpose: case, white space, Unicode form, and what stands on which side of a border.
TURNS = [
    "Be brief.",
    "be brief.",
    "Be brief",
    "Be brief. ",
    "Be  brief.",
    "B\u00e9 brief.",
    "Be\u0301 brief.",
    "संक्षेप में।",
]
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {}}}
CHAT: dict[str, list[Any]] = {
    "client": [0, 1],
    "system": ["", *TURNS],
    "earlier": [[], *([["user", one], ["assistant", other]] for one, other in product(TURNS[:3], TURNS[:3]))],
    "model": ["gpt-6-luna", "gpt-6-sol", "GPT-6-LUNA"],
    "temperature": [None, 0, 0.7, 0.70001],
    "max_tokens": [None, 16, 17],
    "seed": [None, 1],
    "tools": [None, [TOOL], [{**TOOL, "strict": True}]],
    "response_format": [None, {"type": "json_object"}],
    "language": [None, "en", "hi"],
}
SPEECH: dict[str, list[Any]] = {
    "client": [0, 1],
    "ending": [".", "!", "?", "", " A.", " a.", "\u200d", "\u093c"],
    "model": ["gpt-4o-mini-tts", "gpt-4o-mini-tts-2"],
    "voice": ["alloy", "nova"],
    "instructions": [None, "Whisper.", "whisper.", "Whisper"],
    "speed": [None, 1.1, 1.10001],
    "language": [None, "en", "hi"],
    "response_format": ["wav", "mp3"],
}
RECORDING: dict[str, list[Any]] = {
    "client": [0, 1],
    "tail": [b"", b"\0", b"\0\0", b"one", b"two"],
    "model": ["", "whisper-1", "gpt-4o-transcribe"],
    "language": ["", "en", "hi"],
    "prompt": ["", "Names: Priya", "names: Priya"],
    "temperature": [0.0, 0.2],
    "timestamps": [(), ("segment",), ("segment", "word")],
    "speakers": [False, True],
}
# Once normalised all of them are the same, so the semantic tier alone would take one for the other.
QUESTIONS = ["What does {} mean?", "what does {} mean", "Please tell me what does {} mean?", "What  does {} mean??"]

_numbers = count(1)

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Pair:
    one: dict[str, Any]
    other: dict[str, Any]
    differs: bool
    sharing: bool
    """Both clients share, and what one asked for is shared at once."""


@st.composite
def pairs(draw: st.DrawFn, space: dict[str, list[Any]]) -> Pair:
    one = {name: draw(st.sampled_from(values)) for name, values in space.items()}
    sharing = draw(st.booleans())
    changeable = sorted(space.keys() - {"client"}) if sharing else sorted(space)
    changed = draw(st.sets(st.sampled_from(changeable), max_size=3))
    other = dict(one)
    for name in changed:
        other[name] = draw(st.sampled_from([value for value in space[name] if value != one[name]]))
    if sharing:
        other["client"] = draw(st.sampled_from(space["client"]))
    return Pair(one, other, bool(changed), sharing)


def new_word() -> str:
    """A word that no example before used; without a digit, which would keep it from being shared."""
    number, letters = next(_numbers), ""
    while number:
        number, rest = divmod(number, 20)
        letters += "bcdfghjklmnpqrstvwxz"[rest]
    return f"qu{letters}ow"


def two_clients(sharing: bool) -> list[Client]:
    first = 2 * next(_numbers)
    return [Client(pk=pk, name=f"client {pk}", shared_scope=sharing) for pk in (first, first + 1)]


def is_made_apart(one: str, other: str) -> bool:
    """Whether who asks for `other` works alone while `one` is being made."""
    leads, items = single_flight.share(one, lambda: iter([b"made", b"on"]), failures=FAILURES, patience=5)
    assert leads and next(items) == b"made"
    apart, others = single_flight.share(other, lambda: iter([b"new"]), failures=FAILURES, patience=5)
    if apart:
        list(others)
    list(items)
    return apart


@pytest.fixture(autouse=True)
def world(redis_client: redis.Redis, settings: Any) -> None:
    settings.LLM_PROVIDER = settings.TTS_PROVIDER = settings.STT_PROVIDER = "openai"
    settings.SHARED_SCOPE_CLIENTS = 1


@pytest.fixture(params=indexes.names())
def index(request: pytest.FixtureRequest, settings: Any) -> Iterator[str]:
    if request.param == "vectorset":
        redis8 = request.getfixturevalue("redis8")
        redis8.client().flushall()
        request.getfixturevalue("use_redis")(redis8.url)
    settings.SEMANTIC_INDEX = request.param
    forget_tier()
    yield request.param
    forget_tier()


def question_of(said: dict[str, Any], clients: list[Client], query: str) -> ChatQuery:
    body = {name: value for name, value in said.items() if name not in ("client", "system", "earlier") and value}
    body |= {"temperature": said["temperature"], "messages": []}
    if said["system"]:
        body["messages"].append({"role": "system", "content": said["system"]})
    body["messages"] += [{"role": role, "content": text} for role, text in said["earlier"]]
    body["messages"].append({"role": "user", "content": query})
    asked = ChatCompletionSerializer(data=body)
    asked.is_valid(raise_exception=True)
    call = asked.to_call()
    meant = model_names.resolve(call.model, "chat")
    choice = fallback.first_for_chat(replace(call.request, model=meant.model), meant.provider)
    return asked_of(clients[said["client"]], choice, SPEED)[0]


def remember_everywhere(question: ChatQuery, text: str) -> None:
    message = {"role": "assistant", "content": text}
    said = [{"index": 0, "message": message, "finish_reason": "stop"}]
    assert llm.remember(question, WholeAnswer(said, question.model, None), SPEED)
    if asked := question.semantic:
        # The reader of this process would do the same a moment later.
        tier().matcher.add(Entry(question.key, asked.scope, asked.text))


def found(question: ChatQuery) -> str | None:
    try:
        hit = llm.find(question, ONLY_CACHED)
    except NothingCached:
        return None
    assert hit, "it raises where there is none"
    return str(hit.value.choices[0]["message"]["content"])


@many
@given(pair=pairs(CHAT))
def test_an_answer_is_found_for_exactly_its_own_request(pair: Pair) -> None:
    clients, query = two_clients(pair.sharing), QUESTIONS[0].format(new_word())
    one, other = (question_of(said, clients, query) for said in (pair.one, pair.other))
    may_share = pair.one["client"] == pair.other["client"] or one.scope == other.scope
    remember_everywhere(one, query)
    if pair.differs or not may_share:
        assert found(other) is None
        assert is_made_apart(one.key, other.key)
    else:
        assert found(other) == query


@many
@given(pair=pairs(CHAT), wordings=st.lists(st.sampled_from(QUESTIONS), min_size=2, max_size=2))
def test_an_answer_by_meaning_stays_in_its_context(index: str, pair: Pair, wordings: list[str]) -> None:
    clients, word = two_clients(pair.sharing), new_word()
    one, other = (
        question_of(said, clients, wording.format(word))
        for said, wording in zip((pair.one, pair.other), wordings, strict=True)
    )
    answer = f"The answer about {word}"
    remember_everywhere(one, answer)
    if pair.differs or one.scope != other.scope:
        assert found(other) != answer
    elif wordings[0] == wordings[1] or other.semantic:
        assert found(other) == answer


@many
@given(pair=pairs(SPEECH))
def test_audio_is_found_for_exactly_its_own_text_and_voice(pair: Pair) -> None:
    clients, word = two_clients(pair.sharing), new_word()

    def utterance_of(said: dict[str, Any]) -> tts.Utterance:
        body = {name: value for name, value in said.items() if name not in ("client", "ending") and value}
        asked = AudioSpeechSerializer(data={**body, "input": f"We say {word}{said['ending']}"})
        asked.is_valid(raise_exception=True)
        call = asked.to_call()
        request = replace(call.request, model=model_names.resolve(call.model, "speech").model)
        speaker = speaker_of(clients[said["client"]], fallback.for_speech(request, "").first, SPEED)
        return speaker.utterances([request.text], call.codec)[0]

    one, other = utterance_of(pair.one), utterance_of(pair.other)
    assert tts.remember(one, b"sound", SPEED, None)
    if pair.differs or one.scope != other.scope:
        assert tts.lookup([other], SPEED) == [None]
        assert is_made_apart(one.key, other.key)
    else:
        assert tts.lookup([other], SPEED) != [None]


@many
@given(pair=pairs(RECORDING))
def test_a_transcript_is_found_for_exactly_its_own_recording(pair: Pair) -> None:
    clients, beginning = two_clients(pair.sharing), b"RIFF" + new_word().encode()

    def recording_of(said: dict[str, Any]) -> stt.Recording:
        fields = {name: value for name, value in said.items() if name not in ("client", "tail")}
        provider = fallback.provider_named("openai", "transcription")
        request = TranscriptionRequest(audio=beginning + said["tail"], kind="wav", **fields)
        return heard_of(clients[said["client"]], provider, provider.prepare_transcription(request))

    def written(recording: stt.Recording) -> bool:
        try:
            stt.transcribe(recording, ONLY_CACHED, stt.Source(lambda: iter([]), FAILURES, 5, OSError))
        except NothingCached:
            return False
        return True

    one, other = recording_of(pair.one), recording_of(pair.other)
    made = {"text": "said", "billed": {}}
    stt.transcribe(one, SPEED, stt.Source(lambda: iter([made]), FAILURES, 5, OSError))
    same_client = pair.one["client"] == pair.other["client"]
    assert written(other) is (same_client and not pair.differs)
    if not written(other):
        assert is_made_apart(one.key, other.key)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/chat/", "/api/tts/", "/api/converse/", "/v1/chat/completions"])
def test_without_an_identity_nothing_is_given(redis_client: redis.Redis, path: str) -> None:
    response = APIClient().post(path, {"query": "What is a cache?"}, format="json")
    assert response.status_code == 401
    assert redis_client.dbsize() == 0


def test_a_client_that_is_not_saved_has_no_entries() -> None:
    with pytest.raises(ValueError, match="has no identity"):
        _ = Client(name="nobody").private_scope


def test_a_word_is_never_used_twice() -> None:
    words = [new_word() for _ in range(500)]
    assert len(set(words)) == 500
    assert set("".join(words)) <= set(string.ascii_lowercase)
