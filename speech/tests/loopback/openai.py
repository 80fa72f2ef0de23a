"""OpenAI's chat completions, speech, transcripts and embeddings."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from speech.tests.loopback.answers import Answer, Seen, as_json, tone
from speech.tests.loopback.openai_responses import respond
from speech.tests.loopback.server import Loopback


def _error(status: int, message: str, code: str | None, param: str | None = None, **headers: str) -> Answer:
    kind = "invalid_request_error" if status < 500 else "server_error"
    return as_json({"error": {"message": message, "type": kind, "param": param, "code": code}}, status, **headers)


class FakeOpenAI(Loopback):
    """`url` is the server's root: the base URL of a client is `server.url + "/v1"`."""

    errors: ClassVar[dict[str, Answer]] = {
        "400": _error(400, "Unsupported value: 'temperature'", "unsupported_value", "temperature"),
        "401": _error(401, "Incorrect API key provided: sk-loopback-secret", "invalid_api_key"),
        "403": _error(403, "Insufficient permissions. Missing scopes: model.request", "missing_scope"),
        "404": _error(404, "The model does not exist", "model_not_found", "model"),
        "429": _error(429, "Rate limit reached", "rate_limit_exceeded"),
        "429-retry-after": _error(429, "Rate limit reached", "rate_limit_exceeded", Retry_After="1"),
        "quota": _error(429, "You exceeded your current quota", "insufficient_quota", Retry_After="1"),
        "500": _error(500, "The server had an error", None),
        "503": _error(503, "Overloaded", None, X_Should_Retry="false"),
        "error-event": Answer(
            [b'data: {"error": {"message": "The server had an error", "type": "server_error"}}\n\n'],
            content_type="text/event-stream",
            streamed=True,
        ),
        "no-end": Answer(
            [b'data: {"choices": [{"index": 0, "delta": {"content": "Par"}, "finish_reason": null}]}\n\n'],
            content_type="text/event-stream",
            streamed=True,
        ),
    }

    def answer(self, seen: Seen) -> Answer:
        path = seen.path.partition("?")[0]
        if path.endswith("/chat/completions"):
            return chat(seen.body)
        if path.endswith("/responses"):
            return respond(seen.body)
        if path.endswith("/audio/speech"):
            return speech(seen.body)
        if path.endswith(("/audio/transcriptions", "/audio/translations")):
            return transcript(seen.body)
        if path.endswith("/embeddings"):
            return embeddings(seen.body)
        return self.errors["404"]


def reply_to(body: dict[str, Any]) -> str:
    """What the model says: two sentences that depend on the last message."""
    return f"You said: {body['messages'][-1]['content']}. That is all."


def usage_of(body: dict[str, Any]) -> dict[str, int]:
    asked = sum(len(str(message.get("content") or "").split()) for message in body["messages"])
    answered = len(reply_to(body).split())
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}


def chat(body: dict[str, Any]) -> Answer:
    if body.get("stream"):
        events = [f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode() for chunk in _chunks(body)]
        return Answer([*events, b"data: [DONE]\n\n"], content_type="text/event-stream", streamed=True)
    message = {"role": "assistant", "content": reply_to(body)}
    return as_json(
        {
            "id": "chatcmpl-loopback",
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": usage_of(body),
        }
    )


def _chunks(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    head = {
        "id": "chatcmpl-loopback",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": body["model"],
    }
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": word + " "} for word in reply_to(body).split()]
    for delta in deltas:
        yield head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield head | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    if body.get("stream_options", {}).get("include_usage"):
        yield head | {"choices": [], "usage": usage_of(body)}


def vector_of(content: Any, dimensions: int = 8) -> list[float]:
    """Numbers of 32 bits that depend on `content`."""
    seed = zlib.crc32(json.dumps(content).encode())
    return [float(number) for number in np.random.default_rng(seed).standard_normal(dimensions).astype("<f4")]


def embeddings(body: dict[str, Any]) -> Answer:
    asked = body["input"]
    inputs = [asked] if isinstance(asked, str) or isinstance(asked[0], int) else asked
    vectors: list[Any] = [vector_of(content, body.get("dimensions", 8)) for content in inputs]
    if body.get("encoding_format") == "base64":
        vectors = [base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode() for vector in vectors]
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    tokens = sum(len(content.split() if isinstance(content, str) else content) for content in inputs)
    # In no order: `index` says which is which.
    return as_json(
        {
            "object": "list",
            "data": data[::-1],
            "model": body["model"],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


def words_in(audio: bytes) -> str:
    """What is "said" in a recording."""
    return f"I am {len(audio)} bytes long."


def transcript(body: dict[str, Any]) -> Answer:
    text = words_in(body["file"])
    usage: dict[str, Any] = {"type": "tokens", "input_tokens": 14, "output_tokens": 6, "total_tokens": 20}
    if body.get("response_format") == "diarized_json":
        return _with_speakers(body, text, usage)
    # OpenAI ignores `stream` for whisper-1.
    if body.get("stream") == "true" and body["model"] != "whisper-1":
        deltas: list[dict[str, Any]] = [{"type": "transcript.text.delta", "delta": f"{word} "} for word in text.split()]
        events = [*deltas, {"type": "transcript.text.done", "text": text, "usage": usage}]
        chunks = [f"data: {json.dumps(event)}\n\n".encode() for event in events]
        return Answer(chunks, content_type="text/event-stream", streamed=True)
    if body.get("response_format") != "verbose_json":
        return as_json({"text": text, "usage": usage})
    if body["model"] != "whisper-1":
        return FakeOpenAI.errors["400"]
    segments = [
        {"id": 0, "start": 0.0, "end": 1.25, "text": f" {text}"},
        {"id": 1, "start": 61.5, "end": 3661.007, "text": " End."},
    ]
    usage = {"type": "duration", "seconds": 4}
    return as_json(
        {
            "task": "transcribe",
            "language": "english",
            "duration": 3.7,
            "text": text,
            "segments": segments,
            "usage": usage,
        }
    )


def _with_speakers(body: dict[str, Any], text: str, usage: dict[str, Any]) -> Answer:
    if "diarize" not in body["model"]:
        return FakeOpenAI.errors["400"]
    segment = {
        "type": "transcript.text.segment",
        "id": "seg_0",
        "start": 0.0,
        "end": 1.25,
        "text": text,
        "speaker": "A",
    }
    return as_json({"task": "transcribe", "duration": 3.7, "text": text, "segments": [segment], "usage": usage})


def speech(body: dict[str, Any]) -> Answer:
    if body.get("response_format") != "pcm" or len(body["input"]) > 4_096:
        return FakeOpenAI.errors["400"]
    pcm = tone(body["input"])
    size = max(1, len(pcm) // 4 | 1)  # odd, so that chunks end within samples
    return Answer(
        [pcm[start : start + size] for start in range(0, len(pcm), size)], content_type="audio/pcm", streamed=True
    )
