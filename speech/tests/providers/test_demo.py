from __future__ import annotations

import time

import pytest
from pytest_django import Settings

from speech import providers
from speech.exceptions import InvalidRequest, ProviderNotConfigured
from speech.providers.base import ChatRequest

DEMO = providers.get("demo")
REQUEST = ChatRequest(
    messages=[{"role": "user", "content": "Hello."}, {"role": "user", "content": "दिल्ली में\nमौसम कैसा है?"}]
)


@pytest.fixture(autouse=True)
def no_delay(settings: Settings) -> None:
    settings.PROVIDERS = {"demo": {"DELAY_MS": "0"}}


def test_it_says_what_it_is_and_repeats_the_question() -> None:
    (choice,) = DEMO.chat(DEMO.prepare_chat(REQUEST)).choices
    assert "demo answer" in choice["message"]["content"]
    assert "\n\nदिल्ली में\nमौसम कैसा है?\n\n" in choice["message"]["content"]
    assert "unless a cache rule excludes the question" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"


def test_it_streams_the_same_answer_word_by_word() -> None:
    request = DEMO.prepare_chat(REQUEST)
    *chunks, last = DEMO.stream_chat(request)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0]["role"] == "assistant"
    assert "".join(delta.get("content", "") for delta in deltas) == DEMO.chat(request).choices[0]["message"]["content"]
    assert len(deltas) > 20
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert (last["choices"], last["usage"]) == ([], DEMO.chat(request).usage)


def test_it_counts_words() -> None:
    usage = DEMO.chat(DEMO.prepare_chat(REQUEST)).usage
    assert usage and usage["prompt_tokens"] == 6
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_it_says_the_same_each_time() -> None:
    request = DEMO.prepare_chat(REQUEST)
    assert DEMO.chat(request) == DEMO.chat(request)


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([("system", "Greet the caller.")], "Greet the caller."),
        ([("system", "Be brief."), ("developer", "Greet the caller.")], "Greet the caller."),
        ([("user", "Hello."), ("system", "Answer in Hindi.")], "Hello."),
        ([("user", "Hello."), ("assistant", "Hi.")], "Hello."),
        ([("assistant", "How may I help?")], "How may I help?"),
        ([("user", "")], ""),
        ([("user", "Hi 🙂")], "Hi 🙂"),
        (
            [("user", "🙂 👍🏽!")],
            "slightly smiling face, thumbs up sign, emoji modifier fitzpatrick type-4, exclamation mark",
        ),
    ],
)
def test_it_answers_any_order_of_roles(messages: list[tuple[str, str]], said: str) -> None:
    request = ChatRequest(messages=[{"role": role, "content": content} for role, content in messages])
    (choice,) = DEMO.chat(DEMO.prepare_chat(request)).choices
    assert f"You said: “{said}”" in choice["message"]["content"]


def test_it_takes_its_time(settings: Settings) -> None:
    settings.PROVIDERS = {}
    begun = time.monotonic()
    DEMO.chat(DEMO.prepare_chat(REQUEST))
    assert time.monotonic() - begun >= 0.4
    for wrong in ("soon", "9" * 5000):
        settings.PROVIDERS = {"demo": {"DELAY_MS": wrong}}
        with pytest.raises(ProviderNotConfigured, match="DEMO_DELAY_MS"):
            DEMO.chat(DEMO.prepare_chat(REQUEST))


@pytest.mark.parametrize(
    ("param", "request_"),
    [
        ("model", ChatRequest(messages=REQUEST.messages, model="another")),
        ("n", ChatRequest(messages=REQUEST.messages, params={"n": 2})),
        ("tools", ChatRequest(messages=REQUEST.messages, params={"tools": [{"type": "function"}]})),
        (
            "response_format",
            ChatRequest(messages=REQUEST.messages, params={"response_format": {"type": "json_object"}}),
        ),
        ("messages", ChatRequest(messages=[{"role": "user", "content": [{"type": "image_url"}]}])),
    ],
)
def test_it_refuses_what_it_cannot_do(param: str, request_: ChatRequest) -> None:
    with pytest.raises(InvalidRequest) as caught:
        DEMO.prepare_chat(request_)
    assert caught.value.param == param
