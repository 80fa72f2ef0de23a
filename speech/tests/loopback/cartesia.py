"""Cartesia's speech and its list of voices."""

from __future__ import annotations

from typing import ClassVar

from speech.tests.loopback.answers import Answer, Seen, as_json, tone
from speech.tests.loopback.server import Loopback

VOICE = "11111111-2222-3333-4444-555555555555"
_FIELDS = {"model_id", "transcript", "voice", "output_format", "language", "generation_config"}


class FakeCartesia(Loopback):
    errors: ClassVar[dict[str, Answer]] = {
        "400": as_json({"error": {"message": "Invalid voice", "code": "bad_request"}}, 400),
        "401": as_json({"error": {"message": "Invalid API key"}}, 401),
        "429": as_json({"error": {"message": "Too many requests"}}, 429),
        "429-retry-after": as_json({"error": {"message": "Too many requests"}}, 429, Retry_After="1"),
        "quota": as_json({"error": {"message": "Out of credits"}}, 402),
        "500": as_json({"error": {"message": "Something went wrong"}}, 500),
    }

    def answer(self, seen: Seen) -> Answer:
        if seen.headers.get("authorization") != "Bearer loopback-secret" or "cartesia-version" not in seen.headers:
            return self.errors["401"]
        if seen.path.startswith("/voices"):
            return as_json({"data": [{"id": VOICE, "name": "Asha - Calm", "language": "hi"}], "has_more": False})
        form = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000}
        if seen.path != "/tts/bytes" or seen.body["output_format"] != form or set(seen.body) - _FIELDS:
            return self.errors["400"]
        return Answer([tone(seen.body["transcript"])], content_type="audio/pcm", streamed=True)
