"""Transcription in OpenAI's wire format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from caching.pricing.usage import Usage
from speech import strict_json
from speech.exceptions import ProviderBadAnswer, ProviderUnavailable
from speech.providers._shared import errors
from speech.providers._shared.http import Form, check_types, json_object
from speech.providers._shared.sse import json_or_events
from speech.providers.base import Transcript, TranscriptionRequest

Event = dict[str, Any]

# Model names that clients send; only the last one has timestamps.
MODELS = ("gpt-4o-mini-transcribe", "gpt-4o-transcribe", "whisper-1")
_NUMBER = (int, float)
_CUE: dict[str, strict_json.Shape] = {"start": _NUMBER, "end": _NUMBER, "text": str}
_TRANSCRIPT: strict_json.Shape = {
    "text": str,
    "duration": (int, float, str),
    "usage": dict,
    "segments": [{**_CUE, "no_speech_prob": _NUMBER}],
    "words": [dict],
}
_DONE = "transcript.text.done"
_EVENT: strict_json.Shape = {
    "type": str,
    "delta": str,
    "text": str,
    "choices": [{"delta": {"content": str}, "finish_reason": str}],
}
_READ = ("text", "language", "duration", "segments", "words")


def path(request: TranscriptionRequest) -> str:
    return "/audio/translations" if request.mode == "translate" else "/audio/transcriptions"


def form(request: TranscriptionRequest) -> Form:
    fields: list[tuple[str, Any]] = [
        ("file", (f"audio.{request.kind}", request.audio)),
        ("model", request.model),
        ("response_format", "diarized_json" if request.speakers else "verbose_json" if request.timestamps else "json"),
    ]
    if request.mode != "translate":
        fields += [("timestamp_granularities[]", name) for name in request.timestamps]
    fields += [(name, value) for name in ("language", "prompt") if (value := getattr(request, name))]
    fields += request.unknown
    if request.temperature:
        fields.append(("temperature", str(request.temperature)))
    return Form(fields)


def read(provider: str, answer: Mapping[str, Any], *, timed: bool) -> Transcript:
    """Return the transcript. `timed`: it was asked for with times, in a format of the gateway's own.

    Raises ProviderBadAnswer without a text.
    """
    check_types(provider, answer, _TRANSCRIPT)
    if (text := answer.get("text")) is None:
        raise ProviderBadAnswer(f"{provider} returned no transcript")
    usage = answer.get("usage") or {}
    seconds = answer.get("duration") or usage.get("seconds")
    return Transcript(
        text=text,
        language=str(answer.get("language") or ""),
        seconds=float(seconds) if seconds else None,
        segments=answer.get("segments") or [],
        words=answer.get("words") or [],
        billed=_billed(usage),
        extra={name: value for name, value in answer.items() if name not in (_READ if timed else ("text",))},
    )


def read_stream(provider: str, body: Iterable[bytes]) -> Iterator[Event | Transcript]:
    """Yield the events of a streamed transcript, and last the transcript, which a server may also send as JSON.

    Raises ProviderUnavailable if it ends early.
    """
    whole, events = json_or_events(body)
    if whole:
        yield read(provider, json_object(provider, whole), timed=False)
        return
    for event in _events(provider, events):
        if event["type"] == _DONE:
            yield read(provider, {name: value for name, value in event.items() if name != "type"}, timed=False)
            return
        yield event
    raise ProviderUnavailable(f"{provider} ended its stream early")


def _events(provider: str, events: Iterable[str]) -> Iterator[Event]:
    """Yield OpenAI's events. vLLM sends chunks like those of chat in their place, Mistral events of other names."""
    pieces: list[str] = []
    finished = False
    for data in events:
        if data == "[DONE]":
            break
        event = json_object(provider, data)
        errors.raise_if_error(provider, event)
        check_types(provider, event, _EVENT)
        if "type" in event:
            yield _in_openais_words(event)
            continue
        for choice in event.get("choices") or ():
            finished = finished or bool(choice.get("finish_reason"))
            if piece := (choice.get("delta") or {}).get("content"):
                pieces.append(piece)
                yield {"type": "transcript.text.delta", "delta": piece}
    if finished:
        yield {"type": _DONE, "text": "".join(pieces)}


def _in_openais_words(event: Event) -> Event:
    if event["type"] == "transcription.text.delta":
        return {"type": "transcript.text.delta", "delta": event.get("text") or ""}
    return {**event, "type": _DONE} if event["type"] == "transcription.done" else event


def _billed(usage: Mapping[str, Any]) -> Usage | None:
    """OpenAI bills tokens or, for whisper-1, seconds; `usage` says which."""
    if usage.get("type") == "duration":
        return Usage.from_billed({"audio_seconds": usage.get("seconds")})
    return Usage.from_billed(usage)
