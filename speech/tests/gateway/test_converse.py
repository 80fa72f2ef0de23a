"""Text or speech in, speech out: sentences from the cache, in order, without gaps, and what was paid."""

from __future__ import annotations

import json
import statistics
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from speech.audio import read_wav, to_wav
from speech.models import Client, Receipt
from speech.synthesis.pipeline import AHEAD
from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.loopback.answers import tone
from speech.tests.support.bad_requests import error_of
from speechsite.tests.support.server import Server

PATH = "/api/converse/"
SENTENCES = [
    "Thank you for calling.",
    "I have found your order.",
    "It is on its way to you.",
    "You will get a message soon.",
    "Is there anything else that you need?",
    "Goodbye and take care.",
]
PAUSE = bytes(2 * 24_000 * 120 // 1000)


def converse(gateway: Server, query: str = "Where is my order?", *, key: str = "", **fields: Any) -> Any:
    headers = {"Authorization": f"Bearer {key or gateway.key}", **fields.pop("headers", {})}
    return gateway.request("POST", PATH, json={"query": query, "codec": "pcm", **fields}, headers=headers)


def receipt_of(gateway: Server, response: Any, key: str = "") -> dict[str, Any]:
    path = f"/api/receipts/{response.headers['X-Receipt-ID']}"
    found = gateway.request("GET", path, headers={"Authorization": f"Bearer {key or gateway.key}"})
    assert found.status == 200
    body: dict[str, Any] = found.json()
    return body


def joined(sentences: list[str]) -> bytes:
    return PAUSE.join(tone(sentence) for sentence in sentences)


def test_only_the_sentences_that_are_new_are_synthesised(gateway: Server, provider: ScriptedOpenAI) -> None:
    for sentence in SENTENCES[:4]:
        assert gateway.speak(sentence).status == 200
    provider.requests.clear()
    provider.say(" ".join(SENTENCES))
    response = converse(gateway)
    assert sorted(provider.spoken) == sorted(SENTENCES[4:])
    assert response.data == joined(SENTENCES), "sample-exact, with the configured pause and nothing else"
    receipt = receipt_of(gateway, response)
    assert [sentence["cached"] for sentence in receipt["sentences"]] == [True] * 4 + [False] * 2
    assert receipt["text"] == " ".join(SENTENCES)
    assert receipt["characters_not_billed"] == len("".join(SENTENCES[:4]))
    assert receipt["characters_billed"] == len("".join(SENTENCES[4:]))
    assert receipt["time_to_first_audio_ms"] > 0
    assert receipt["chat"].pop("id").startswith("chatcmpl-")
    assert receipt["chat"] == {"cache": "miss", "provider": "openai", "model": "gpt-6-luna"}
    assert receipt["error"] is None


def test_sentences_are_shared_with_the_other_endpoints(gateway: Server, provider: ScriptedOpenAI, sdk: Any) -> None:
    provider.say(" ".join(SENTENCES[:2]))
    converse(gateway)
    assert gateway.speak(SENTENCES[0]).headers["X-Cache"] == "HIT"
    spoken = sdk.audio.speech.create(model="", voice="alloy", input=SENTENCES[1], response_format="pcm")
    assert spoken.content == tone(SENTENCES[1])
    assert len(provider.spoken) == 2


@pytest.mark.alone
def test_when_everything_is_cached_nobody_is_asked_and_it_begins_at_once(
    gateway: Server, provider: ScriptedOpenAI
) -> None:
    provider.say(" ".join(SENTENCES))
    converse(gateway)
    provider.requests.clear()
    waited = []
    for _ in range(20):
        began = time.perf_counter()
        response = gateway.request("POST", PATH, json={"query": "Where is my order?"}, preload_content=False)
        response.read(1)
        waited.append((time.perf_counter() - began) * 1000)
        response.drain_conn()
    print(f"first byte of a cached turn: median {statistics.median(waited):.1f} ms")  # noqa: T201
    assert provider.requests == []
    # 15 ms on a machine of its own; others may be busy here.
    assert statistics.median(waited) < 500


@pytest.mark.alone
def test_speech_begins_before_the_answer_is_complete(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.chunk_delay = 0.1
    provider.say(" ".join(SENTENCES))
    began = time.perf_counter()
    response = gateway.request("POST", PATH, json={"query": "Where is my order?"}, preload_content=False)
    response.read(1)
    first = time.perf_counter() - began
    response.drain_conn()
    whole = time.perf_counter() - began
    print(f"first sound after {first:.2f} s, the end after {whole:.2f} s")  # noqa: T201
    assert first < whole / 2


@pytest.mark.parametrize("codec", ["wav", "mp3"])
def test_it_comes_as_one_sound(gateway: Server, provider: ScriptedOpenAI, codec: str) -> None:
    provider.say(" ".join(SENTENCES[:3]))
    response = converse(gateway, codec=codec)
    assert response.headers["content-type"] == {"wav": "audio/wav", "mp3": "audio/mpeg"}[codec]
    if codec == "wav":
        assert read_wav(response.data) == (joined(SENTENCES[:3]), 24_000)
    assert response.headers["X-Accel-Buffering"] == "no"


def test_a_receipt_is_its_clients_own(gateway: Server, provider: ScriptedOpenAI) -> None:
    response = converse(gateway)
    path = f"/api/receipts/{response.headers['X-Receipt-ID']}"
    stranger = {"Authorization": f"Bearer {gateway.new_client('stranger')}"}
    for found in (
        gateway.request("GET", path, headers=stranger),
        gateway.request("GET", f"/api/receipts/{uuid.uuid4()}"),
    ):
        assert (found.status, error_of(found)["type"]) == (404, "not_found_error")


def test_a_receipt_ends_after_ten_minutes(api: Any, clients: Callable[..., Any]) -> None:
    owner = Client.objects.get(name="tester")
    receipt = Receipt.objects.create(client=owner, body={"text": "Hello."})
    for age, status in ((timedelta(minutes=9, seconds=50), 200), (timedelta(minutes=10, seconds=1), 404)):
        Receipt.objects.update(created=timezone.now() - age)
        assert api.get(f"/api/receipts/{receipt.pk}").status_code == status
    assert Receipt.objects.prune() == 1


def test_what_must_not_be_shared_stays_with_its_client(gateway: Server, provider: ScriptedOpenAI) -> None:
    shared = "Please hold the line."
    private = ["Your balance is ₹4,500.", "Write to priya@example.com.", "I see 7.", "Look at https://example.com/a"]
    provider.say(" ".join([shared, *private]))
    names = ("shares one", "shares two", "shares three")
    one, two, three = (gateway.new_client(name, "--shared-scope") for name in names)
    converse(gateway, key=one)
    converse(gateway, key=two)
    provider.requests.clear()
    # Asked in other words, so that the answer is new and only its sentences may be found.
    receipt = receipt_of(gateway, converse(gateway, "Something else entirely", key=three), three)
    cached = {sentence["text"]: sentence["cached"] for sentence in receipt["sentences"]}
    assert cached == {shared: True, **dict.fromkeys(private, False)}
    assert sorted(provider.spoken) == sorted(private)
    again = receipt_of(gateway, converse(gateway, "And a third thing", key=three), three)
    assert all(sentence["cached"] for sentence in again["sentences"])


def test_an_interruption_stops_the_synthesis(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.say(" ".join(f"This is the sentence with the letter {letter}." for letter in "bcdefghijklmnopqr"))
    provider.chunk_delay = 0.05
    response = gateway.request("POST", PATH, json={"query": "Talk to me"}, preload_content=False)
    response.read(1)
    response.close()
    time.sleep(4)
    assert len(provider.spoken) <= 1 + AHEAD + 1


def test_a_model_that_fails_at_once_is_an_error(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.behave("quota")
    response = converse(gateway)
    assert (response.status, error_of(response)["code"]) == (503, "provider_quota_exceeded")


def test_a_model_that_fails_in_the_middle_leaves_a_receipt_that_says_so(
    gateway: Server, provider: ScriptedOpenAI, cache: redis.Redis
) -> None:
    provider.say(" ".join(SENTENCES))
    # The model breaks off in the middle of its answer, after whole sentences; the voice is well.
    provider.behave("half", "ok")
    response = converse(gateway)
    assert response.status == 200
    receipt = receipt_of(gateway, response)
    assert receipt["error"]
    assert 0 < len(receipt["sentences"]) < len(SENTENCES)
    assert cache.keys("llm:exact:*") == []


def test_an_answer_without_text_cannot_be_spoken(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.say(" ")
    response = converse(gateway)
    assert (response.status, error_of(response)["code"]) == (502, "provider_bad_answer")


def test_only_if_cached_asks_no_voice_either(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.say(SENTENCES[0])
    assert gateway.chat("Where is my order?").status == 200
    provider.requests.clear()
    response = converse(gateway, headers={"Cache-Control": "only-if-cached"})
    assert (response.status, error_of(response)["code"]) == (504, "not_cached")
    assert provider.requests == []


def test_without_redis_it_speaks_all_the_same(bare_gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.say(" ".join(SENTENCES))
    for _ in range(2):
        response = converse(bare_gateway)
        assert response.data == joined(SENTENCES)
        receipt = receipt_of(bare_gateway, response)
        assert not any(sentence["cached"] for sentence in receipt["sentences"])
        assert receipt["chat"]["cache"] == "bypass"
    assert sorted(provider.spoken) == sorted(SENTENCES * 2)


WAV = to_wav(bytes(range(250)) * 64, 16_000)
HEARD = f"I am {len(WAV)} bytes long."


def ask_aloud(gateway: Server, audio: bytes = WAV, **fields: Any) -> Any:
    form = {"file": ("said.wav", audio), "request": json.dumps({"codec": "pcm", **fields})}
    return gateway.request("POST", PATH, fields=form)


def test_a_question_may_come_as_sound(gateway: Server, provider: ScriptedOpenAI) -> None:
    responses = [ask_aloud(gateway, system="Be kind.") for _ in range(2)]
    said = f"You said: {HEARD}. That is all."
    assert {response.data for response in responses} == {joined([f"You said: {HEARD}.", "That is all."])}
    receipts = [receipt_of(gateway, response) for response in responses]
    assert [receipt["heard"]["cache"] for receipt in receipts] == ["miss", "hit"]
    assert {receipt["heard"]["text"] for receipt in receipts} == {HEARD}
    assert receipts[0]["text"] == said
    [question] = provider.calls("/chat/completions")
    assert [message["role"] for message in question["messages"]] == ["system", "user"]
    assert len(provider.calls("/audio/transcriptions")) == 1


def test_the_rest_of_a_spoken_question_may_come_as_a_blob(gateway: Server, provider: ScriptedOpenAI) -> None:
    blob = ("blob", json.dumps({"codec": "pcm", "system": "Be kind."}).encode())
    responses = [
        gateway.request("POST", PATH, fields={"file": ("said.wav", WAV), "request": request})
        for request in (blob, blob[1].decode())
    ]
    assert [response.status for response in responses] == [200, 200]
    assert responses[0].data == responses[1].data
    [question] = provider.calls("/chat/completions")
    assert question["messages"][0] == {"role": "system", "content": "Be kind."}
    wrong = gateway.request("POST", PATH, fields={"file": ("said.wav", WAV), "request": ("blob", b"{")})
    assert (wrong.status, error_of(wrong)["param"]) == (400, "request")


def test_a_spoken_question_may_follow_earlier_turns(gateway: Server, provider: ScriptedOpenAI) -> None:
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello to you."}]
    assert ask_aloud(gateway, messages=turns).status == 200
    [question] = provider.calls("/chat/completions")
    assert question["messages"] == [*turns, {"role": "user", "content": HEARD}]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"query": "Hello"}, "request"),
        ({"codec": "ogg"}, "codec"),
        ({"messages": "Hello"}, "messages"),
        ({"stt_provider": "demo"}, "stt_provider"),
        ({"nonsense": 1}, "nonsense"),
    ],
    ids=str,
)
def test_a_spoken_question_is_checked_before_anything_is_written_down(
    gateway: Server, provider: ScriptedOpenAI, fields: dict[str, Any], param: str
) -> None:
    response = ask_aloud(gateway, **fields)
    assert (response.status, error_of(response)["param"]) == (400, param)
    assert provider.requests == []


def test_what_is_not_sound_is_no_question(gateway: Server, provider: ScriptedOpenAI) -> None:
    response = ask_aloud(gateway, b"<html>")
    assert (response.status, error_of(response)["code"]) == (400, "not_audio")
    assert provider.requests == []
