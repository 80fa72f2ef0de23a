"""A loopback OpenAI in a separate process, so that its work is not measured.

Run: python -m benchmarks.speed.provider MILLISECONDS [TOKENS_A_SECOND]. It prints its base URL.

A request may set its own `tokens_a_second`. The provider says when it sent what: each word of a stream is the moment at
which it was sent, and speech begins with one.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.speed.moments import as_sound, as_word
from speech.tests.loopback import FakeOpenAI
from speech.tests.loopback.answers import Answer, Seen

DONE = b"data: [DONE]\n\n"


class Provider(FakeOpenAI):
    tokens_a_second = 0.0

    def admit(self, seen: Seen) -> str:
        """Does not record requests, unlike in tests: there are hundreds of thousands."""
        return "ok"

    def answer(self, seen: Seen) -> Answer:
        answer = super().answer(seen)
        if seen.path.endswith("/audio/speech"):
            first, *others = answer.chunks
            return replace(answer, chunks=[as_sound(time.monotonic()) + first, *others])
        if answer.streamed and (words := seen.body.get("max_completion_tokens") or seen.body.get("max_tokens")):
            a_second = seen.body.get("tokens_a_second", self.tokens_a_second)
            return replace(answer, chunks=_words(seen.body["model"], words, a_second))
        return answer


def _words(model: str, count: int, a_second: float) -> Iterator[bytes]:
    """Yield the events of a stream of so many words, each when it is due; 0 a second: at once."""
    began = time.monotonic()
    yield _event(model, {"role": "assistant", "content": ""})
    for number in range(count):
        if a_second:
            time.sleep(max(0.0, began + number / a_second - time.monotonic()))
        yield _event(model, {"content": as_word(time.monotonic())})
    yield _event(model, {}, "stop")
    yield DONE


def _event(model: str, delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    head = {"id": "chatcmpl-loopback", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": model}
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return f"data: {json.dumps({**head, 'choices': [choice]})}\n\n".encode()


if __name__ == "__main__":
    with Provider(delay=int(sys.argv[1]) / 1000) as provider:
        provider.tokens_a_second = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
        print(f"{provider.url}/v1", flush=True)
        threading.Event().wait()
