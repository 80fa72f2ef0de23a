"""ElevenLabs' streamed speech."""

from __future__ import annotations

import base64
import json
import re
from typing import ClassVar

from speech.tests.loopback.answers import Answer, Seen, as_json, tone
from speech.tests.loopback.openai import words_in
from speech.tests.loopback.server import Loopback

VOICES = [
    {"voice_id": "abcdefghij0123456789", "name": "My Clone", "category": "cloned"},
    {"voice_id": "ABCDEFGHIJ0123456789", "name": "Narrator - Deep and calm", "category": "premade"},
]


def _error(status: int, name: str, message: str, **headers: str) -> Answer:
    return as_json({"detail": {"status": name, "message": message}}, status, **headers)


class FakeElevenLabs(Loopback):
    errors: ClassVar[dict[str, Answer]] = {
        "400": _error(400, "voice_not_found", "A voice with that id was not found"),
        "401": _error(401, "invalid_api_key", "Invalid API key loopback-secret"),
        "403": _error(403, "missing_permissions", "The key lacks the permission text_to_speech"),
        "422": as_json({"detail": [{"loc": ["body", "text"], "msg": "field required", "type": "missing"}]}, 422),
        "429": _error(429, "too_many_concurrent_requests", "Too many concurrent requests"),
        "429-retry-after": _error(429, "system_busy", "The system is busy", Retry_After="1"),
        "quota": _error(401, "quota_exceeded", "This request exceeds your quota"),
        "500": _error(500, "internal_error", "Something went wrong"),
    }

    def answer(self, seen: Seen) -> Answer:
        if seen.path == "/v1/speech-to-text":
            words = [{"text": "I", "start": 0.1, "end": 0.2, "type": "word"}]
            said = {"text": words_in(seen.body["file"]), "words": words}
            return as_json({"language_code": "eng", "language_probability": 0.9, **said})
        if seen.path == "/v1/voices":
            return as_json({"voices": VOICES})
        if "/stream/with-timestamps?" in seen.path:
            return self._with_timestamps(seen.body["text"])
        if not re.fullmatch(r"/v1/text-to-speech/[A-Za-z0-9_-]+/stream\?output_format=pcm_24000", seen.path):
            return self.errors["400"]
        pcm = tone(seen.body["text"])
        size = max(1, len(pcm) // 4 | 1)
        return Answer(
            [pcm[start : start + size] for start in range(0, len(pcm), size)],
            content_type="audio/pcm",
            headers={"character-cost": str(len(seen.body["text"]) // 2 + 1)},
            streamed=True,
        )

    def _with_timestamps(self, text: str) -> Answer:
        """Three messages, each with some of the characters, of which each takes 10 ms."""
        messages = []
        for first in range(0, len(text), max(1, len(text) // 3)):
            part = text[first : first + max(1, len(text) // 3)]
            starts = [round((first + at) / 100, 3) for at in range(len(part))]
            alignment = {
                "characters": list(part),
                "character_start_times_seconds": starts,
                "character_end_times_seconds": [round(start + 0.01, 3) for start in starts],
            }
            pcm = tone(text)[first * 480 : (first + len(part)) * 480]
            audio = base64.b64encode(pcm).decode()
            messages.append({"audio_base64": audio, "alignment": alignment, "normalized_alignment": alignment})
        lines = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
        # Cut anywhere.
        chunks = [lines[at : at + 1_000] for at in range(0, len(lines), 1_000)]
        return Answer(chunks, headers={"character-cost": str(len(text))}, streamed=True)
