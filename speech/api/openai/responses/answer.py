"""A chat answer, whole or in chunks, as a response and its events.

https://platform.openai.com/docs/api-reference/responses-streaming (the types of `openai` 3.54, November 2026)
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from caching.llm.entry import Answer, is_end
from caching.llm.merging import Unassembled, complete_characters
from caching.llm.tool_calls import ToolCalls, name_of, text_of
from speech.api.openai.responses.encrypted_content import packed
from speech.api.openai.responses.items import CallItem, Event, TextItem
from speech.api.openai.responses.response import Response, item_id, usage_of
from speech.exceptions import ProviderBadAnswer

_REASONING = ("reasoning_content", "reasoning")  # the same text under two names: some providers send both
_SHOWN = {"role", "content", "refusal", "tool_calls", "annotations"}
_CALL = {"id", "index", "type", "function", "custom"}
_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}
# Why an answer that did not end by itself is incomplete, by its finish reason. OpenAI's types know no other.
_INCOMPLETE = {
    "length": "max_output_tokens", "max_tokens": "max_output_tokens", "content_filter": "content_filter",
}  # fmt: skip
_CALLED = ("tool_calls", "function_call")

# Namespace and name of tools by their names in chat.
Names = Mapping[str, tuple[str, str]]


def whole(
    response: Response, answer: Answer, *, wants_encrypted_content: bool = False, names: Names | None = None
) -> Response:
    """Return the response for an answer."""
    writer = ResponseWriter(response, wants_encrypted_content=wants_encrypted_content, names=names)
    choice = answer.choices[0]
    message = choice["message"]
    if calls := _objects(message.get("tool_calls")):
        message = {**message, "tool_calls": [{**call, "index": position} for position, call in enumerate(calls)]}
    for _ in writer.write({**choice, "delta": message}):
        pass
    for _ in writer.end(answer):
        pass
    return writer.response


class ResponseWriter:
    """Writes a response: `start`, then `write` for each part of the answer, then `end`.

    A text ends where another kind begins. Calls end with the response, as providers may send parts of several in turns.
    """

    def __init__(
        self, response: Response, *, wants_encrypted_content: bool = False, names: Names | None = None
    ) -> None:
        """`wants_encrypted_content`: the client will send back what `encrypted_content.packed` returns."""
        self.response = response
        self._wants_encrypted_content, self._names = wants_encrypted_content, names or {}
        summary = response["reasoning"].get("summary")
        self._thought = "summary_text" if summary and summary != "none" else "reasoning_text"
        self._reasoning = ""
        """Name of the field that holds the reasoning."""
        self._text: TextItem | None = None
        self._tool_calls = ToolCalls()
        self._calls: dict[int, CallItem] = {}
        self._items: list[TextItem | CallItem] = []
        self._output: dict[int, dict[str, Any]] = {}

    @property
    def unfinished(self) -> list[dict[str, Any]]:
        """The items as far as they are written."""
        return [self._output.get(item.index) or item.rendered("incomplete") for item in self._items]

    def start(self) -> Iterator[Event]:
        for state in ("created", "in_progress"):
            yield {"type": f"response.{state}", "response": self.response}

    def write(self, choice: Mapping[str, Any]) -> Iterator[Event]:
        """Yield the events of a part of a choice, which has a `delta`."""
        delta = choice.get("delta") or {}
        self._reasoning = self._reasoning or next((name for name in _REASONING if delta.get(name)), "")
        thoughts, text = texts_of(delta, self._reasoning)
        logprobs = choice.get("logprobs")
        tokens = logprobs.get("content") if isinstance(logprobs, Mapping) else None
        if thoughts:
            yield from self._write_text("reasoning", self._thought, thoughts)
        if text or (tokens and self._text and self._text.kind == "message"):
            yield from self._write_text("message", "output_text", text, logprobs_of(tokens))
        if refusal := _string(delta.get("refusal")):
            yield from self._write_text("message", "refusal", refusal)
        for annotation in _objects(delta.get("annotations")):
            if not (self._text and self._text.kind == "message"):
                yield from self._write_text("message", "output_text", "")
            if self._text:
                yield from self._text.annotate(flat(annotation))
        if calls := _objects(delta.get("tool_calls")):
            yield from self._write_calls(calls)

    def end(self, answer: Answer) -> Iterator[Event]:
        """Yield the closing events. `answer` is the sum of all that was written."""
        choice = answer.choices[0]
        finish = choice.get("finish_reason")
        is_cut = not is_end(finish) and finish not in _CALLED
        reason = _INCOMPLETE.get(str(finish).lower())
        thought_only = all(isinstance(item, TextItem) and item.kind == "reasoning" for item in self._items)
        if thought_only and not (self._items and is_cut):
            # Only an answer that was cut ends with its reasoning. An empty text carries the message's other fields.
            yield from self._write_text("message", "output_text", "")
        extras = self._add_extras(choice["message"])
        for item in self._items:
            if item.index not in self._output:
                cut = is_cut and item is self._items[-1]
                yield from self._close(item, "incomplete" if cut else "completed")
        if extras and self._wants_encrypted_content:
            yield from self._write_packed(extras)
        status = "incomplete" if is_cut else "completed"
        self.response = {
            **answer.extra,
            **self.response,
            "status": status,
            "incomplete_details": {"reason": reason} if reason else None,
            "completed_at": None if is_cut else int(time.time()),
            "model": answer.model or self.response["model"],
            "output": [self._output[item.index] for item in self._items],
            "usage": usage_of(answer.usage),
        }
        yield {"type": f"response.{status}", "response": self.response}

    def _write_text(self, kind: str, part: str, text: str, logprobs: Sequence[Any] = ()) -> Iterator[Event]:
        if self._text is None or self._text.kind != kind:
            yield from self._close_text()
            self._text = TextItem(kind, self._next_id(kind), len(self._items))
            self._items.append(self._text)
            yield from self._text.begun()
        yield from self._text.write(part, text, list(logprobs))

    def _write_calls(self, parts: Any) -> Iterator[Event]:
        with _readable():
            calls = self._tool_calls.add(parts)
        for call in calls:
            if name_of(call):
                yield from self._write_call(call)

    def _write_call(self, call: dict[str, Any]) -> Iterator[Event]:
        item = self._calls.get(id(call))
        if item is None:
            yield from self._close_text()
            kind = "custom_tool_call" if call.get("custom") else "function_call"
            own = self._next_id(kind)
            name = name_of(call)
            names = self._names.get(name, ("", name))
            item = CallItem(kind, own, len(self._items), call.get("id") or own, names)
            self._calls[id(call)] = item
            self._items.append(item)
            yield from item.begun()
        if more := complete_characters(text_of(call))[len(item.written) :]:
            yield from item.write(more)

    def _close_text(self) -> Iterator[Event]:
        if self._text:
            yield from self._close(self._text, "completed")
        self._text = None

    def _close(self, item: TextItem | CallItem, status: str) -> Iterator[Event]:
        yield from item.ended(status)
        self._output[item.index] = item.rendered(status)

    def _write_packed(self, content: str) -> Iterator[Event]:
        item = TextItem("reasoning", self._next_id("reasoning"), len(self._items))
        item.extras = {"encrypted_content": content}
        self._items.append(item)
        yield from item.begun()
        yield from self._close(item, "completed")

    def _add_extras(self, message: Mapping[str, Any]) -> str:
        """Give fields without a place of their own to the items that are still open. Return them packed."""
        with _readable():
            calls = self._tool_calls.finished()
        of_calls: dict[str, Any] = {}
        for call in calls:
            rest = {name: value for name, value in call.items() if name not in _CALL and value is not None}
            # A call without a name has not been written.
            if item := self._calls.get(id(call)):
                item.extras = rest
                of_calls |= {str(call.get("id")): rest} if rest else {}
        told = message.get(self._reasoning)
        extras = {name: value for name, value in message.items() if name not in _SHOWN and value}
        extras = {name: value for name, value in extras.items() if name not in _REASONING or value != told}
        last = self._items[-1]
        if extras and isinstance(last, CallItem):
            last.extras = {**last.extras, "message": extras}
        elif extras:
            last.extras = extras
        return packed(extras, of_calls) if extras or of_calls else ""

    def _next_id(self, kind: str) -> str:
        return item_id(_PREFIXES[kind], self.response["id"], len(self._items))


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except Unassembled as error:
        raise ProviderBadAnswer(f"the provider's tool calls cannot be read: {error}") from error


def _objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list. Chat passes on values of any form, and stores them: a response leaves them out."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def texts_of(delta: Mapping[str, Any], reasoning: str) -> tuple[str, str]:
    """Return the reasoning and the text of a message or delta, whose `content` may be a list of parts (Mistral)."""
    thoughts, content = _string(delta.get(reasoning)), delta.get("content")
    if not isinstance(content, list):
        return thoughts, _string(content)
    parts = _objects(content)
    inner = [each for part in parts if part.get("type") == "thinking" for each in _objects(part.get("thinking"))]
    thoughts += "".join(_string(each.get("text")) for each in inner)
    return thoughts, "".join(_string(part.get("text")) for part in parts)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def flat(annotation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an annotation as the Responses API has it: without an object within, named like its type."""
    kind = _string(annotation.get("type"))
    inner = annotation.get(kind)
    return {"type": kind, **inner} if isinstance(inner, Mapping) else annotation


def logprobs_of(tokens: Any) -> list[dict[str, Any]]:
    """Return chat's log probabilities; the Responses API has a list of bytes where chat may have null."""
    return [
        {**_token(each), "top_logprobs": [_token(other) for other in _objects(each.get("top_logprobs"))]}
        for each in _objects(tokens)
    ]


def _token(each: Mapping[str, Any]) -> dict[str, Any]:
    return {**each, "bytes": each.get("bytes") or list(str(each.get("token", "")).encode())}
