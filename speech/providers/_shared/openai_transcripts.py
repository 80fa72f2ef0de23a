"""Transcription in OpenAI's wire format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caching.pricing.usage import Usage
from speech import strict_json
from speech.exceptions import ProviderBadAnswer
from speech.providers._shared.http import Form, check_types
from speech.providers.base import Transcript, TranscriptionRequest

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
_READ = ("text", "language", "duration", "segments", "words")


def form(request: TranscriptionRequest) -> Form:
    fields: list[tuple[str, Any]] = [
        ("file", (f"audio.{request.kind}", request.audio)),
        ("model", request.model),
        ("response_format", "verbose_json" if request.timestamps else "json"),
    ]
    if request.mode != "translate":
        fields += [("timestamp_granularities[]", name) for name in request.timestamps]
    fields += [(name, value) for name in ("language", "prompt") if (value := getattr(request, name))]
    fields += request.unknown
    if request.temperature:
        fields.append(("temperature", str(request.temperature)))
    return Form(fields)


def read_transcript(provider: str, answer: Mapping[str, Any]) -> Transcript:
    """Raises ProviderBadAnswer without a text, and for segments without text or times."""
    check_types(provider, answer, _TRANSCRIPT)
    segments = answer.get("segments") or []
    if (text := answer.get("text")) is None or any(None in map(each.get, _CUE) for each in segments):
        raise ProviderBadAnswer(f"{provider} returned no transcript")
    usage = answer.get("usage") or {}
    seconds = answer.get("duration") or usage.get("seconds")
    return Transcript(
        text=text,
        language=str(answer.get("language") or ""),
        seconds=float(seconds) if seconds else None,
        segments=segments,
        words=answer.get("words") or [],
        billed=_billed(usage),
        extra={name: value for name, value in answer.items() if name not in _READ},
    )


def _billed(usage: Mapping[str, Any]) -> Usage | None:
    """OpenAI bills tokens or, for whisper-1, seconds; `usage` says which."""
    if usage.get("type") == "duration":
        return Usage.from_billed({"audio_seconds": usage.get("seconds")})
    return Usage.from_billed(usage)
