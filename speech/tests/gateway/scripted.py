"""A loopback OpenAI that says what a test wants it to say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from speech.tests.loopback import Answer, FakeOpenAI, Seen
from speech.tests.loopback.answers import as_json
from speech.tests.loopback.openai import usage_of

CHAT = "/chat/completions"
HEAD = {"id": "chatcmpl-provider", "created": 1_790_000_000}
BEGUN = b'data: {"model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Par"}}]}\n\n'


def events(*data: bytes) -> Answer:
    return Answer(data, content_type="text/event-stream", streamed=True)


class ScriptedOpenAI(FakeOpenAI):
    errors: ClassVar[dict[str, Answer]] = {
        **FakeOpenAI.errors,
        "error-in-the-middle": events(BEGUN, b'data: {"error": {"message": "Overloaded", "type": "server_error"}}\n\n'),
        "end-in-the-middle": events(BEGUN),
    }

    def __init__(self) -> None:
        super().__init__()
        self.choices: list[dict[str, Any]] = []
        """OpenAI's choices for every question; empty: what FakeOpenAI says."""
        self.script: Answer | None = None
        """The answer to every request at `scripted`, as it is."""
        self.scripted = CHAT

    def reset(self) -> None:
        self.requests.clear()
        self.closed_early.clear()
        self.behave("ok")
        self.delay = self.chunk_delay = 0.0
        self.choices = []
        self.script, self.scripted = None, CHAT

    def say(self, text: str, **more: Any) -> None:
        self.choices = [choice({"role": "assistant", "content": text, **more})]

    def calls(self, path: str) -> list[Any]:
        """The bodies of the requests whose path ends with `path`."""
        return [seen.body for seen in list(self.requests) if seen.path.endswith(path)]

    @property
    def spoken(self) -> list[str]:
        """The texts that were synthesised, in the order in which they were asked for."""
        return [body["input"] for body in self.calls("/audio/speech")]

    def answer(self, seen: Seen) -> Answer:
        if self.script and seen.path.endswith(self.scripted):
            return self.script
        if not self.choices or not seen.path.endswith(CHAT):
            return super().answer(seen)
        head = {**HEAD, "model": seen.body["model"]}
        if seen.body.get("stream"):
            chunks = [head | {"object": "chat.completion.chunk", "choices": [part]} for part in self._parts()]
            if seen.body.get("stream_options", {}).get("include_usage"):
                chunks.append(head | {"choices": [], "usage": usage_of(seen.body)})
            return events(*(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks), b"data: [DONE]\n\n")
        whole = {"object": "chat.completion", "choices": self.choices, "usage": usage_of(seen.body)}
        return as_json(head | whole)

    def _parts(self) -> Iterator[dict[str, Any]]:
        for one in self.choices:
            yield {"index": one["index"], "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
            for delta in _deltas(one["message"]):
                rest = {"logprobs": one["logprobs"]} if one["logprobs"] and "content" in delta else {}
                yield {"index": one["index"], "delta": delta, "finish_reason": None, **rest}
            yield {"index": one["index"], "delta": {}, "finish_reason": one["finish_reason"]}


def choice(message: dict[str, Any], *, index: int = 0, end: str = "stop", logprobs: Any = None) -> dict[str, Any]:
    return {"index": index, "message": message, "finish_reason": end, "logprobs": logprobs}


def _deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("reasoning_content", "content"):
        yield from ({name: word} for word in _words(message.get(name)))
    for position, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        yield {"tool_calls": [{**call, "index": position, "function": {"name": function["name"], "arguments": ""}}]}
        for start in range(0, len(function["arguments"]), 5):
            part = function["arguments"][start : start + 5]
            yield {"tool_calls": [{"index": position, "function": {"arguments": part}}]}


def _words(text: str | None) -> list[str]:
    """Words, each with the space in front of it."""
    return re.findall(r" ?[^ ]+", text or "")
