"""A provider that answers with whatever a test wants, and questions for it."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from speech.tests.loopback import Answer, FakeOpenAI

PATH = "/v1/chat/completions"
BEGUN = {"model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Par"}}]}
numbers = count()


def say(provider: FakeOpenAI, *answers: Any, status: int = 200, stream: bool = False, headers: Any = None) -> None:
    """Let `provider` answer with JSON, or with a stream of it."""
    texts = [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers]
    chunks = [f"data: {text}\n\n".encode() for text in texts] if stream else [texts[0].encode()]
    kind = "text/event-stream" if stream else "application/json"
    said = Answer(chunks, kind, status, headers or {}, streamed=stream)
    provider.answer = lambda seen: said  # type: ignore[method-assign]


def ask(api: Any, **fields: Any) -> Any:
    messages = [{"role": "user", "content": f"Question {next(numbers)}"}]
    return api.post(PATH, {"model": "gpt-6-luna", "messages": messages, **fields}, format="json")


def last_event(response: Any) -> Any:
    text = b"".join(response.streaming_content).decode()
    event = text.rstrip("\n").rpartition("\n\n")[2].removeprefix("data: ")
    return event if event == "[DONE]" else json.loads(event)
