"""Texts without anything to speak, and a provider that answers without sound, or with half a sample."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from pytest_django import Settings

from speech.exceptions import InvalidRequest, ProviderBadAnswer
from speech.synthesis.spoken_turn import sentences_of
from speech.tests.loopback import Loopback
from speech.tests.providers.conftest import FAKES, serve

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "fault"), [("openai", "empty"), ("elevenlabs", "empty"), ("sarvam", "empty"), ("sarvam", "silence")]
)
@pytest.mark.parametrize("path", ["/api/tts/", "/v1/audio/speech"])
def test_no_sound_is_an_error_and_nothing_is_stored(
    api: Any, settings: Settings, redis_client: redis.Redis, name: str, fault: str, path: str
) -> None:
    for server in serve(name, settings):
        assert isinstance(server, Loopback) and name in FAKES
        server.behave(fault)
        settings.TTS_PROVIDER = name
        text = "The train leaves at nine."
        bodies = {"/api/tts/": {"text": text}, "/v1/audio/speech": {"model": "tts-1", "input": text, "voice": "alloy"}}
        response = api.post(path, bodies[path], format="json")
        assert (response.status_code, response.json()["error"]["code"]) == (502, "provider_bad_answer")
        assert redis_client.keys("tts:*") == []


@pytest.mark.parametrize("name", ["openai", "elevenlabs", "sarvam", "espeak"])
@pytest.mark.parametrize(("path", "field"), [("/api/tts/", "text"), ("/v1/audio/speech", "input")])
@pytest.mark.parametrize("text", ["\u200b—", "<speak>…</speak>"])
def test_a_text_without_a_word_is_refused_as_an_empty_one_is(
    api: Any, settings: Settings, redis_client: redis.Redis, name: str, path: str, field: str, text: str
) -> None:
    for server in serve(name, settings) if name in FAKES else [None]:
        settings.TTS_PROVIDER = name
        empty = api.post(path, {field: ""}, format="json")
        response = api.post(path, {field: text}, format="json")
        assert (
            (response.status_code, response.json()["error"]["code"])
            == (400, "blank")
            == (empty.status_code, empty.json()["error"]["code"])
        )
        assert response.json()["error"]["param"] == empty.json()["error"]["param"] == field
        assert not (server and server.requests)
        assert redis_client.keys("tts:*") == []


def test_signs_that_the_engine_has_no_name_for_are_refused(api: Any, redis_client: redis.Redis) -> None:
    for text in ("🫠", "🪩 🪩", "น"):
        response = api.post("/api/tts/", {"text": text, "provider": "espeak"}, format="json")
        assert (response.status_code, response.json()["error"]["code"]) == (400, "blank")
    assert redis_client.keys("tts:*") == []
    assert api.post("/api/tts/", {"text": "🙂", "provider": "espeak"}, format="json").status_code == 200


def test_a_sentence_of_punctuation_is_not_spoken() -> None:
    texts = ["One.\n\n…\n\n", "“🙂”\n\n", "• \n\nTwo.\n\n", "!!!"]
    chunks = ({"choices": [{"delta": {"content": text}}]} for text in texts)
    # What is not a sentence belongs to the next one.
    assert [sentence.split() for sentence in sentences_of(chunks, "en")] == [["One."], ["…", "“”", "Two.", "!!!"]]
    assert list(sentences_of(({"choices": [{"delta": {"content": text}}]} for text in "…!"), "en")) == []


@pytest.mark.parametrize("question", ["…", "🫠", "🙂 👍"])
def test_a_question_without_a_word_gets_a_spoken_answer(api: Any, question: str) -> None:
    response = api.post("/api/converse/", {"query": question, "codec": "pcm"}, format="json")
    assert response.status_code == 200
    assert len(b"".join(response)) > 100_000


def test_a_sentence_that_cannot_be_spoken_is_not_in_the_spoken_text(api: Any) -> None:
    response = api.post("/api/converse/", {"query": "Is ᏣᎳᎩ a script?"}, format="json")
    with pytest.raises(InvalidRequest):
        b"".join(response)
    receipt = api.get(f"/api/receipts/{response.headers['X-Receipt-ID']}").json()
    assert "Cherokee" in receipt["error"]
    assert receipt["text"] == "This is a demo answer: no language model was asked."


def test_an_answer_is_spoken_up_to_the_limit(settings: Any) -> None:
    settings.MAX_TEXT_CHARACTERS = 10
    sentences = sentences_of(({"choices": [{"delta": {"content": text}}]} for text in ["One two.\n\nThree."]), "en")
    assert next(sentences) == "One two."
    with pytest.raises(ProviderBadAnswer, match="10 characters") as caught:
        next(sentences)
    assert caught.value.code == "text_too_long"
