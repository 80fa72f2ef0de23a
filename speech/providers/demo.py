"""Answers without key or network, so that a fresh clone demonstrates caching."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from caching import numbers
from caching.llm.request import text_of
from speech.exceptions import InvalidRequest, ProviderNotConfigured
from speech.providers._shared import openai_chat, validation
from speech.providers.base import BaseProvider, ChatAnswer, ChatRequest, Message

_MODEL = "demo"
# Fields of a chat request that an echo can do without: OpenAI's (November 2026) and those that most servers have.
_FIELDS = {
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens",
    "max_tokens", "min_p", "modalities", "n", "parallel_tool_calls", "prediction", "presence_penalty",
    "prompt_cache_retention", "reasoning_effort", "repetition_penalty", "response_format", "seed", "stop",
    "temperature", "tool_choice", "tools", "top_k", "top_logprobs", "top_p", "verbosity", "web_search_options",
}  # fmt: skip


class Provider(BaseProvider):
    """Echoes the question. Usage counts words instead of tokens."""

    defaults = {"DELAY_MS": "400"}
    passes_models_on = False
    does = frozenset({"chat"})

    def prepare_chat(self, request: ChatRequest) -> ChatRequest:
        model = validation.only_model(self, _MODEL, request.model, "chat")
        validation.check_roles(request)
        if request.params.get("n", 1) != 1:
            raise InvalidRequest(f"{self.name} returns one choice only", param="n")
        prepared = openai_chat.prepare(replace(request, model=model), _MODEL)
        unknown = {name: value for name, value in prepared.params.items() if name not in _FIELDS}
        validation.refuse_unknown(self, unknown)
        form = request.params.get("response_format") or {}
        validation.refuse(self, tools=request.params.get("tools"), response_format=form.get("type", "text") != "text")
        if not _question(request.messages) and any(isinstance(each.get("content"), list) for each in request.messages):
            raise InvalidRequest(f"{self.name} reads text only", param="messages")
        return prepared

    def chat(self, request: ChatRequest) -> ChatAnswer:
        self._wait()
        answer = _answer(request.messages)
        message = {"role": "assistant", "content": answer}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return ChatAnswer(choices=[choice], model=_MODEL, usage=_usage(request.messages, answer))

    def stream_chat(self, request: ChatRequest) -> Iterator[dict[str, Any]]:
        self._wait()
        answer = _answer(request.messages)
        yield _chunk({"role": "assistant", "content": ""})
        for word in re.findall(r"\s*\S+", answer):
            yield _chunk({"content": word})
        yield _chunk({}, finish_reason="stop")
        yield {**_chunk({}), "choices": [], "usage": _usage(request.messages, answer)}

    def models(self) -> list[str]:
        return [_MODEL]

    def _wait(self) -> None:
        delay = numbers.whole(self.setting("DELAY_MS"))
        if delay is None:
            raise ProviderNotConfigured("DEMO_DELAY_MS must be a whole number of milliseconds")
        time.sleep(delay / 1000)


def _answer(messages: Sequence[Message]) -> str:
    question = _in_words(_question(messages))
    # Headings, lists and tables are Markdown at the beginning of a line only; a voice turn speaks them without marks.
    is_block = "\n" in question or question.startswith(tuple("#>|-*+`"))
    said = f"You said:\n\n{question}\n\n" if is_block else f"You said: “{question}” "
    return (
        f"This is a demo answer: no language model was asked. {said}"
        "Ask the same thing again, and the answer comes from the cache, unless a cache rule excludes the question. "
        "Set LLM_PROVIDER and a provider's key to talk to a real model."
    )


def _question(messages: Sequence[Message]) -> str:
    """Return the text of the last user message, or of the last message where no user has said anything."""
    asked = [message for message in messages if message.get("role") == "user"] or messages
    lines = text_of(asked[-1]).strip().splitlines()
    return "\n".join(lines) if len(lines) > 1 else " ".join("".join(lines).split())


def _in_words(question: str) -> str:
    """Name the signs of a question without a word: a spoken answer leaves emoji out."""
    if any(map(str.isalnum, question)):
        return question
    return ", ".join(unicodedata.name(sign).lower() for sign in question if unicodedata.category(sign)[0] in "PS")


def _usage(messages: Sequence[Message], answer: str) -> dict[str, int]:
    asked, answered = sum(len(text_of(message).split()) for message in messages), len(answer.split())
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}


def _chunk(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-demo",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": _MODEL,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }
