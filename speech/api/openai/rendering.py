"""Answers in OpenAI's format, whole or as server-sent events."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from caching.llm.entry import Answer, later_usage
from caching.llm.stream import says_more
from speech.api.errors import as_gateway_error, error_body
from speech.api.openai import transcript_formats
from speech.api.openai.compact_json import compact

DONE = b"data: [DONE]\n\n"


def completion(answer: Answer, *, id: str, model: str) -> dict[str, Any]:
    """Return a `chat.completion` object with the fields that OpenAI's types require.

    `model` is for an answer that names none.
    """
    return {
        **answer.extra,
        "id": id,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": answer.model or model,
        "choices": [
            {"logprobs": None, **choice, "message": {"refusal": None, **choice["message"]}} for choice in answer.choices
        ],
        # Optional, and never null, in OpenAI's schema.
        **({"usage": answer.usage} if answer.usage else {}),
    }


def completion_events(chunks: Iterator[dict[str, Any]], *, id: str, model: str, wants_usage: bool) -> Iterator[bytes]:
    """Yield `chat.completion.chunk` objects as server-sent events under one id; a failure is an event too.

    Usage comes once, at the end: some providers send what they have counted so far with each chunk.
    """
    created = int(time.time())
    usage, last = None, {}
    try:
        for chunk in chunks:
            # A copy: the chunk itself may still be sent to followers.
            event = {**chunk, "id": id, "created": created, "model": chunk.get("model") or model}
            counted = event.pop("usage", None)
            if event.get("choices") or says_more(event):
                if wants_usage:
                    # Every chunk but the last has `usage: null` (OpenAI's API reference).
                    event["usage"] = None
                yield _event(event)
            if counted:
                usage = later_usage(usage, counted)
                last = {name: event[name] for name in event if not isinstance(event[name], dict | list)}
        if usage and wants_usage:
            yield _event({**last, "choices": [], "usage": usage})
        yield DONE
    except Exception as error:  # noqa: BLE001 (a stream never ends without a word)
        yield _failure(error)
    finally:
        _close(chunks)


def speech_events(sound: Iterator[bytes], *, characters: int) -> Iterator[bytes]:
    """Yield `speech.audio.delta` events, then `speech.audio.done`, whose usage counts characters as tokens."""
    try:
        for chunk in sound:
            yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(chunk).decode()})
        usage = {"input_tokens": characters, "output_tokens": 0, "total_tokens": characters}
        yield _event({"type": "speech.audio.done", "usage": usage})
        yield DONE
    except Exception as error:  # noqa: BLE001
        yield _failure(error)
    finally:
        _close(sound)


def turn_events(sound: Iterator[bytes], words: Callable[[], list[list[dict[str, Any]]]]) -> Iterator[bytes]:
    """Yield the events of a voice turn, in this order:

    - `speech.audio.delta` for each chunk of audio,
    - `speech.words` after the audio of each sentence whose engine tells its words,
    - `speech.audio.done` at the end.

    `words` returns the words of each complete sentence.
    """
    told = 0
    try:
        for chunk in chain(sound, [b""]):
            if chunk:
                yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(chunk).decode()})
            for number, spoken in enumerate((complete := words())[told:], told):
                if spoken:
                    yield _event({"type": "speech.words", "sentence": number, "words": spoken})
            told = len(complete)
        yield _event({"type": "speech.audio.done"})
        yield DONE
    except Exception as error:  # noqa: BLE001
        yield _failure(error)
    finally:
        _close(sound)


def transcript_events(parts: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    try:
        yield from map(_event, transcript_formats.events(parts))
        yield DONE
    except Exception as error:  # noqa: BLE001
        yield _failure(error)
    finally:
        _close(parts)


def model_object(name: str, owner: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + compact(data).encode() + b"\n\n"


def _failure(error: Exception) -> bytes:
    error = as_gateway_error(error)
    return _event(error_body(error.message, type=error.type, param=error.param, code=error.code, details=error.details))


def _close(items: Iterable[Any]) -> None:
    if close := getattr(items, "close", None):
        close()
