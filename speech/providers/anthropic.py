"""Claude by Anthropic's Messages API: https://platform.claude.com/docs/api/messages (read in November 2026)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from speech.providers._shared import openai_chat, validation
from speech.providers._shared.anthropic import answer as anthropic_answer
from speech.providers._shared.anthropic import request as anthropic_request
from speech.providers._shared.anthropic.thinking import effort_of, post_with_thinking
from speech.providers._shared.http import ProviderRequest, json_object, post, read_json
from speech.providers._shared.http_response import Reply
from speech.providers._shared.sse import json_or_events
from speech.providers.base import BaseProvider, ChatAnswer, ChatRequest

_VERSION = "2023-06-01"  # of the API, sent with every request


class Provider(BaseProvider):
    defaults = {
        "API_KEY": "",
        "BASE_URL": "https://api.anthropic.com",
        "CHAT_MODEL": "claude-sonnet-5",
        "MAX_TOKENS": "4096",
    }
    required = ("API_KEY",)
    # The API's own defaults. Newer models refuse requests that set both.
    chat_defaults: ClassVar[Mapping[str, Any]] = {**BaseProvider.chat_defaults, "temperature": 1, "top_p": 1}
    does = frozenset({"chat"})

    def prepare_chat(self, request: ChatRequest) -> ChatRequest:
        validation.check_roles(request)
        prepared = openai_chat.prepare(request, validation.model_of(self, request.model, "CHAT_MODEL"))
        # Refuses what has no counterpart before the cache is asked.
        anthropic_request.body(prepared, self._max_tokens)
        return prepared

    def chat(self, request: ChatRequest) -> ChatAnswer:
        with self._post(request, stream=False) as reply:
            return anthropic_answer.read_answer(self.name, read_json(self.name, reply))

    def stream_chat(self, request: ChatRequest) -> Iterator[dict[str, Any]]:
        with self._post(request, stream=True) as reply:
            whole, events = json_or_events(reply)
            if whole:
                answer = anthropic_answer.read_answer(self.name, json_object(self.name, whole))
                yield from openai_chat.as_chunks(answer)
            else:
                yield from openai_chat.until_finished(self.name, anthropic_answer.read_chunks(self.name, events), reply)

    def models(self) -> list[str]:
        return [self.setting("CHAT_MODEL")]

    @property
    def _max_tokens(self) -> int:
        return validation.whole_number(self, "MAX_TOKENS")

    def _post(self, request: ChatRequest, *, stream: bool) -> AbstractContextManager[Reply]:
        if effort_of(request.params) in (None, "none"):
            return post(self._request_for(request, stream=stream))
        return post_with_thinking(
            lambda budgeted: self._request_for(request, stream=stream, budgeted=budgeted),
            service=(self.setting("BASE_URL"), request.model),
        )

    def _request_for(self, request: ChatRequest, *, stream: bool, budgeted: bool = False) -> ProviderRequest:
        self.ensure_configured()
        key = self.api_key()
        body = anthropic_request.body(request, self._max_tokens, budgeted=budgeted)
        return ProviderRequest(
            provider=self.name,
            url=f"{self.setting('BASE_URL').rstrip('/')}/v1/messages",
            headers={"x-api-key": key, "anthropic-version": _VERSION},
            body=body | ({"stream": True} if stream else {}),
            key=key,
            with_next_key=lambda: self._request_for(request, stream=stream, budgeted=budgeted),
        )
