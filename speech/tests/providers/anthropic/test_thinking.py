"""Models that decide by an effort how much they think, and models that want a budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from caching.llm.stream import joined
from speech import providers
from speech.exceptions import InvalidRequest, ProviderRejected
from speech.providers._shared.anthropic import thinking
from speech.providers._shared.anthropic.request import body as body_of
from speech.tests.loopback.answers import Answer, Seen, as_json
from speech.tests.loopback.anthropic import FakeAnthropic
from speech.tests.providers.anthropic.test_answer import request
from speech.tests.providers.anthropic.test_request import WEATHER

NEWER = '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config".'
OLDER = "adaptive thinking is not supported on this model"


def refusal(message: str) -> Answer:
    return as_json({"type": "error", "error": {"type": "invalid_request_error", "message": message}}, 400)


class Claude(FakeAnthropic):
    """Refuses the form of thinking that a model does not know, in the API's words."""

    def answer(self, seen: Seen) -> Answer:
        form = seen.body.get("thinking", {}).get("type")
        if form == "enabled" and seen.body["model"] == "claude-sonnet-5":
            return refusal(NEWER)
        if form == "adaptive" and seen.body["model"] == "claude-haiku-4-5":
            return refusal(OLDER)
        return super().answer(seen)

    @property
    def forms(self) -> list[Any]:
        return [seen.body["thinking"]["type"] for seen in self.requests]


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Claude]:
    monkeypatch.setattr(thinking, "_budgeted", set())
    with Claude() as running:
        settings.PROVIDERS = {"anthropic": {"API_KEY": "loopback-secret", "BASE_URL": running.url}}
        yield running


def ask(model: str, *, stream: bool = False, **params: Any) -> Any:
    asked = replace(request(**params), model=model)
    provider = providers.get("anthropic")
    return joined(provider.stream_chat(asked)) if stream else provider.chat(asked)


@pytest.mark.parametrize("stream", [False, True])
def test_each_model_thinks_in_its_own_form(server: Claude, stream: bool) -> None:
    for _ in range(2):
        for model in ("claude-sonnet-5", "claude-haiku-4-5"):
            answer = ask(model, stream=stream, reasoning_effort="low")
            assert answer.choices[0]["message"]["content"] == "Forty-two. That is all."
    assert server.forms == ["adaptive", "adaptive", "enabled", "adaptive", "enabled"]


@pytest.mark.parametrize(
    ("params", "tokens", "limit"),
    [
        ({"reasoning_effort": "high"}, 16_384, 4096 + 16_384),
        ({"reasoning_effort": "low", "max_tokens": 8_000}, 2_048, 8_000),
        ({"reasoning_effort": "high", "max_tokens": 8_000}, 4_000, 8_000),
        ({"reasoning_effort": "minimal", "max_tokens": 1_025}, 1_024, 1_025),
    ],
)
def test_a_budget_leaves_room_for_the_answer(server: Claude, params: dict[str, Any], tokens: int, limit: int) -> None:
    ask("claude-haiku-4-5", **params)
    sent = server.requests[-1].body
    assert (sent["thinking"], sent["max_tokens"]) == ({"type": "enabled", "budget_tokens": tokens}, limit)
    assert "output_config" not in sent


@pytest.mark.parametrize("params", [{"reasoning_effort": "max"}, {"reasoning_effort": "low", "max_tokens": 1_024}])
def test_what_a_budget_cannot_say_is_an_error_that_names_it(server: Claude, params: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ask("claude-haiku-4-5", **params)
    assert caught.value.param == "reasoning_effort"


@pytest.mark.parametrize(
    ("message", "calls"), [("max_tokens: too many", 1), ("thinking blocks cannot be modified", 2), (NEWER, 2)]
)
def test_another_refusal_is_passed_on_in_its_own_words(server: Claude, message: str, calls: int) -> None:
    server.answer = lambda seen: refusal(message)  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(ProviderRejected) as caught:
            ask("claude-sonnet-5", reasoning_effort="low")
        assert caught.value.message == message
    assert len(server.requests) == 2 * calls


FORCED = "Thinking may not be enabled when tool_choice forces tool use."


@pytest.mark.parametrize("model", ["claude-sonnet-5", "claude-haiku-4-5"])
def test_what_is_wrong_beside_the_form_is_told_of_either_model(server: Claude, model: str) -> None:
    own = {"claude-sonnet-5": "adaptive", "claude-haiku-4-5": "enabled"}[model]
    answer = server.answer
    server.answer = lambda seen: (  # type: ignore[method-assign]
        refusal(FORCED) if seen.body["thinking"]["type"] == own else answer(seen)
    )
    with pytest.raises(ProviderRejected) as caught:
        ask(model, reasoning_effort="low")
    assert caught.value.message == FORCED


def test_no_effort_turns_thinking_off_and_is_tried_once(server: Claude) -> None:
    ask("claude-sonnet-5", reasoning_effort="none")
    assert server.forms == ["disabled"]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}, {"type": "any"}])
def test_a_tool_that_must_be_called_is_called_without_thinking(choice: Any) -> None:
    asked = request(reasoning_effort="high", tools=[WEATHER], tool_choice=choice)
    sent = body_of(asked, 4096)
    assert (sent["thinking"], sent["output_config"]) == ({"type": "disabled"}, {"effort": "high"})
    assert sent["max_tokens"] == 4096
    old = body_of(asked, 4096, budgeted=True)
    assert old["thinking"] == {"type": "disabled"}
    assert "output_config" not in old, "older models know no effort"
    assert body_of(request(reasoning_effort="high", tools=[WEATHER], tool_choice="auto"), 4096)["output_config"]
