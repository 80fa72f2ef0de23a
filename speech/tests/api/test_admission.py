"""Who waits for something slow keeps nobody from being answered from the cache."""

from __future__ import annotations

import time
from typing import Any

import pytest

from caching.coordination import admission
from caching.result import CacheResult
from speech.models import Client
from speech.privacy.disclosure import Padding
from speech.tests.loopback import Answer, FakeOpenAI, Seen

USER = {"role": "user", "content": "Hello"}
CALLS = {
    "/api/chat/": {"query": "Hello"},
    "/api/tts/": {"text": "Hello. Good bye."},
    "/v1/chat/completions": {"model": "m", "messages": [USER]},
    "/v1/chat/completions streamed": {"model": "m", "messages": [USER], "stream": True},
    "/v1/audio/speech": {"model": "tts-1", "voice": "alloy", "input": "Hello.", "response_format": "mp3"},
    "/v1/audio/speech streamed": {"model": "tts-1", "voice": "alloy", "input": "Hello.", "response_format": "pcm"},
}


def send(api: Any, call: str, **headers: str) -> int:
    response = api.post(call.partition(" ")[0], CALLS[call], format="json", headers=headers)
    assert b"".join(response)
    return int(response.status_code)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("control", ["", "no-cache", "no-store"])
def test_no_slot_is_held_while_a_provider_is_asked(
    api: Any, fake_openai: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, call: str, control: str
) -> None:
    taken: list[int] = []
    answer = fake_openai.answer

    def note(seen: Seen) -> Answer:
        taken.append(admission.queue.held)
        return answer(seen)

    monkeypatch.setattr(fake_openai, "answer", note)
    headers = {"Cache-Control": control} if control else {}
    assert send(api, call, **headers) == 200
    assert taken and not any(taken)
    assert not admission.queue.held
    send(api, call)
    assert not admission.queue.held


@pytest.mark.parametrize("body", ["{", '{"query": 1}', "x" * 3_000_000])
def test_a_request_that_is_refused_releases_its_slot(api: Any, body: str) -> None:
    assert api.post("/api/chat/", body, content_type="application/json").status_code in (400, 413)
    assert not admission.queue.held


def test_no_slot_is_held_while_a_hit_is_held_back(settings: Any) -> None:
    settings.PAD_SHARED_HITS = True
    padding, client = Padding(), Client(pk=1, shared_scope=True)
    now = time.perf_counter()
    padding.even_out(client, "kind", CacheResult(None, "miss", ""), now - 0.01)
    with admission.queue:
        padding.even_out(client, "kind", CacheResult(None, "hit", ""), now)
        assert not admission.queue.held
