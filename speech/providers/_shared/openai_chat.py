"""Chat in OpenAI's wire format: what is sent, and what an answer must hold to be one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from caching.llm.merging import Unassembled
from caching.llm.stream import ENVELOPE, complete_logprobs, joined, replay
from caching.llm.tool_calls import ToolCalls
from speech import strict_json
from speech.exceptions import InvalidRequest, ProviderBadAnswer, ProviderTimeout, ProviderUnavailable
from speech.providers._shared import errors
from speech.providers._shared.http import check_types, json_object, read_body
from speech.providers._shared.http_response import Reply
from speech.providers._shared.sse import are_events, json_or_events, read_events, without_done
from speech.providers.base import ChatAnswer, ChatRequest, Message
from speech.text.languages import canonical, name_of

_NOT_PARAMS = ("model", "messages", "stream", "stream_options")
_DONE = ("[DONE]", '"[DONE]"')  # some servers write it as JSON
_WITHOUT_CONTENT = ("tool_calls", "function_call", "refusal", "audio")  # what takes the place of the content
# The types without which an answer cannot be passed on. Any other field is passed on as it is: not every server has
# OpenAI's types (Together's `logprobs` of a chunk is a number).
_MESSAGE: strict_json.Shape = {"role": str, "content": (str, list)}
_CHOICE: strict_json.Shape = {"index": int, "finish_reason": str, "message": _MESSAGE, "delta": _MESSAGE}
_ANSWER: strict_json.Shape = {"model": str, "usage": dict, "choices": [_CHOICE]}


def prepare(request: ChatRequest, model: str) -> ChatRequest:
    """Return `request` with its model and language filled in, without what only says how the answer travels."""
    if not request.messages:
        raise InvalidRequest("messages must not be empty", param="messages")
    return ChatRequest(
        messages=request.messages,
        model=request.model or model,
        language=canonical(request.language) if request.language else "",
        params={name: value for name, value in request.params.items() if name not in _NOT_PARAMS},
    )


def body(request: ChatRequest) -> dict[str, Any]:
    """Return the JSON body of a prepared request."""
    return {"model": request.model, "messages": _messages(request), **request.params}


def read_reply(provider: str, reply: Reply) -> ChatAnswer:
    """Return an answer, also where a server that always streams sends it as events, under whatever type."""
    body = read_body(provider, reply)
    if not are_events(body):
        answer = json_object(provider, without_done(body))
        errors.raise_if_error(provider, answer, reply.headers)
        return read_answer(provider, answer)
    try:
        whole = joined(read_chunks(provider, read_events([body])))
    except Unassembled as error:
        raise ProviderBadAnswer(f"{provider} sent a stream that contradicts itself") from error
    return ChatAnswer(whole.choices, whole.model, whole.usage, whole.extra)


def read_answer(provider: str, answer: Mapping[str, Any]) -> ChatAnswer:
    """Raises ProviderBadAnswer when a choice lacks its message or the reason why it ended, or a type is wrong.

    The reason may be null: not every server gives one.
    """
    errors.raise_if_error(provider, answer)
    check_types(provider, answer, _ANSWER)
    choices = answer.get("choices")
    if not choices and "choices" in answer:
        raise ProviderBadAnswer(f"{provider} returned no choice", empty=True)
    if not choices or not all(_is_complete(choice) for choice in choices):
        raise ProviderBadAnswer(f"{provider} returned no complete choice")
    for position, choice in enumerate(choices):
        _raise_if_failed(provider, choice)
        if choice.get("index") is None:
            choice["index"] = position
        _complete(choice["message"])
        # Null is put back where an answer is written; entries have none, and a hit must look like its miss.
        if logprobs := choice.pop("logprobs", None):
            choice["logprobs"] = complete_logprobs(logprobs)
    return ChatAnswer(
        choices=choices,
        model=answer.get("model") or "",
        usage=answer.get("usage") or None,
        extra={name: value for name, value in answer.items() if name not in ENVELOPE},
    )


def _complete(message: dict[str, Any]) -> None:
    """Add what OpenAI's messages always have, and some servers leave out."""
    message.setdefault("role", "assistant")
    if not any(map(message.get, _WITHOUT_CONTENT)):
        # Sarvam sends null when the reasoning has used up max_tokens.
        message["content"] = message.get("content") or ""
    message.setdefault("content", None)
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict) and call.get("function"):
            call["type"] = call.get("type") or "function"


def read_stream(provider: str, reply: Reply, request: ChatRequest) -> Iterator[dict[str, Any]]:
    """Yield the chunks of an answer, also where a server that cannot stream sends it whole, as JSON."""
    whole, events = json_or_events(reply)
    if whole:
        return as_chunks(read_answer(provider, json_object(provider, whole)))
    return read_chunks(provider, events, reply, request.params.get("n") or 1)


def as_chunks(answer: ChatAnswer) -> Iterator[dict[str, Any]]:
    return replay(answer.choices, model=answer.model, usage=answer.usage, id="", extra=answer.extra)


def read_chunks(
    provider: str, events: Iterable[str], reply: Reply | None = None, choices: int = 1
) -> Iterator[dict[str, Any]]:
    """Yield the chunks of a streamed answer up to `[DONE]`. Raises ProviderError if it ends in any other place."""
    return until_finished(provider, map(partial(_read_chunk, provider, _Begun()), events), reply, choices)


def until_finished(
    provider: str, chunks: Iterable[dict[str, Any] | None], reply: Reply | None = None, choices: int = 1
) -> Iterator[dict[str, Any]]:
    """Yield chunks until None (`[DONE]`) or the end.

    At the end every choice must have a finish reason, else raise ProviderUnavailable. `reply`: shorten its wait once
    all `choices` are finished.
    """
    begun: set[int] = set()
    finished: set[int] = set()
    try:
        for chunk in chunks:
            if chunk is None:
                if begun:
                    return
                break
            for choice in chunk["choices"]:
                begun.add(choice["index"])
                if choice.get("finish_reason"):
                    if choice.get("usage") and not chunk.get("usage"):
                        # Moonshot's place for it.
                        chunk["usage"] = choice["usage"]
                    finished.add(choice["index"])
                    if reply and len(finished) >= choices:
                        reply.expect_end()
            yield chunk
    except ProviderTimeout:
        if not finished or begun != finished:
            raise
    if not finished or begun != finished:
        raise ProviderUnavailable(f"{provider} ended its stream early")


class _Begun:
    """Choices and calls that a stream has begun."""

    def __init__(self) -> None:
        # Indexes of the choices that have had a delta.
        self.with_delta: set[int] = set()
        # Calls of each choice, unless its first one came with an index.
        self._calls: dict[int, ToolCalls | None] = {}

    def number(self, choice: int, parts: Any) -> None:
        """Give parts of calls without an index, as Gemini and Ollama send them, the one that they have in a replay."""
        if choice not in self._calls:
            first = parts[0] if isinstance(parts, list) else None
            self._calls[choice] = ToolCalls() if isinstance(first, dict) and first.get("index") is None else None
        if calls := self._calls[choice]:
            with suppress(Unassembled):
                for part, position in zip(parts, calls.positions_of(parts), strict=True):
                    part["index"] = position


def _read_chunk(provider: str, begun: _Begun, event: str) -> dict[str, Any] | None:
    """Return a chunk whose choices have an index and a delta, or None for `[DONE]`."""
    if event.startswith(_DONE):
        return None
    chunk = json_object(provider, event)
    errors.raise_if_error(provider, chunk)
    check_types(provider, chunk, _ANSWER)
    chunk["choices"] = chunk.get("choices") or []
    for choice in chunk["choices"]:
        _raise_if_failed(provider, choice)
        index = choice["index"] = choice.get("index") or 0
        delta = choice.get("delta")
        if "delta" not in choice and index not in begun.with_delta:
            # A server that cannot stream sends its whole answer as one chunk, with a message. After deltas, a message
            # repeats them (MiniMax).
            delta = choice.get("message")
        choice["delta"] = delta or {}
        if delta:
            begun.with_delta.add(index)
            if calls := delta.get("tool_calls"):
                begun.number(index, calls)
    return chunk


def _raise_if_failed(provider: str, choice: Mapping[str, Any]) -> None:
    """Raise what OpenRouter says of a choice that failed, beside `finish_reason: error`."""
    if choice.get("error") or choice.get("finish_reason") == "error":
        raise errors.from_event(provider, {"error": choice.get("error") or "no reason given"})


def _is_complete(choice: Mapping[str, Any]) -> bool:
    return isinstance(choice.get("message"), dict) and "finish_reason" in choice


def language_wish(language: str) -> str:
    """Return the sentence that asks a model to answer in a language."""
    return f"Answer in {name_of(language)}."


def _messages(request: ChatRequest) -> list[Message]:
    """The API has no field for a language, so the system message asks for it: the first one, as some servers insist."""
    if not request.language:
        return list(request.messages)
    wish = language_wish(request.language)
    first, *rest = request.messages
    if first.get("role") in ("system", "developer") and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{wish}"}, *rest]
    return [{"role": "system", "content": wish}, first, *rest]
