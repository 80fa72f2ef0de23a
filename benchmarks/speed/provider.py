"""A loopback OpenAI in a separate process, so that its work is not measured.

Run: python -m benchmarks.speed.provider MILLISECONDS [TOKENS_A_SECOND]. It prints its base URL.

It says when it sent what: each word of a stream is the moment at which it was sent, and speech begins with one.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import overload

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
            return replace(answer, chunks=Words(seen.body["model"], words, self.tokens_a_second))
        return answer


class Words(Sequence[bytes]):
    """Events of a stream of so many words, each of which is not there before its time."""

    def __init__(self, model: str, count: int, a_second: float) -> None:
        head = {"id": "chatcmpl-loopback", "object": "chat.completion.chunk", "created": 1_790_000_000}
        self._head = {**head, "model": model}
        self._count, self._a_second, self._began = count, a_second, time.monotonic()

    def __len__(self) -> int:
        return self._count + 3

    @overload
    def __getitem__(self, number: int) -> bytes: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes]: ...
    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        if number >= len(self):
            raise IndexError(number)
        if number == 0:
            return self._event({"role": "assistant", "content": ""})
        if number > self._count:
            return self._event({}, "stop") if number == self._count + 1 else DONE
        if self._a_second and (left := self._began + (number - 1) / self._a_second - time.monotonic()) > 0:
            time.sleep(left)
        return self._event({"content": as_word(time.monotonic())})

    def _event(self, delta: dict[str, str], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return f"data: {json.dumps({**self._head, 'choices': [choice]})}\n\n".encode()


if __name__ == "__main__":
    with Provider(delay=int(sys.argv[1]) / 1000) as provider:
        provider.tokens_a_second = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
        print(f"{provider.url}/v1", flush=True)
        threading.Event().wait()
