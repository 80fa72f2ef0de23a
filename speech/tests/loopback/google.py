"""Google's speech: a WAV file in base64."""

from __future__ import annotations

import base64
from typing import ClassVar

from speech.audio import to_wav
from speech.tests.loopback.answers import Answer, Seen, as_json, tone
from speech.tests.loopback.server import Loopback


def _error(status: int, name: str, message: str, **headers: str) -> Answer:
    return as_json({"error": {"code": status, "message": message, "status": name}}, status, **headers)


class FakeGoogle(Loopback):
    errors: ClassVar[dict[str, Answer]] = {
        "400": _error(400, "INVALID_ARGUMENT", "Voice 'en-US-Nobody' does not exist."),
        "401": _error(403, "PERMISSION_DENIED", "The request is missing a valid API key."),
        "429": _error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for requests per minute."),
        "429-retry-after": _error(429, "RESOURCE_EXHAUSTED", "Quota exceeded.", Retry_After="1"),
        "quota": _error(403, "PERMISSION_DENIED", "This API method requires billing to be enabled."),
        "500": _error(500, "INTERNAL", "Internal error encountered."),
        "not-base64": as_json({"audioContent": "!"}),
    }

    def answer(self, seen: Seen) -> Answer:
        if seen.headers.get("x-goog-api-key") != "loopback-secret":
            return self.errors["401"]
        text, sound = seen.body["input"]["text"], seen.body["audioConfig"]
        if seen.path != "/v1/text:synthesize" or len(text.encode()) > 5_000 or sound["audioEncoding"] != "LINEAR16":
            return self.errors["400"]
        wav = to_wav(tone(text, sound["sampleRateHertz"]), sound["sampleRateHertz"])
        return as_json({"audioContent": base64.b64encode(wav).decode()})
