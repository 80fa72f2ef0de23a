"""Sarvam's chat, which refuses what its reference does not list, and its speech in base64."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from speech.audio import to_wav
from speech.tests.loopback.answers import Answer, Seen, as_json, tone
from speech.tests.loopback.openai import chat, words_in
from speech.tests.loopback.server import Loopback

_CHAT_FIELDS = {
    "model", "messages", "temperature", "top_p", "reasoning_effort", "max_tokens", "stream", "stop", "n", "seed",
    "frequency_penalty", "presence_penalty", "tools", "tool_choice", "response_format",
}  # fmt: skip
_V2_FIELDS = {"top_k", "min_p", "repetition_penalty", "parallel_tool_calls", "stream_options"}
_LIMITS = {"bulbul:v2": 1_500, "bulbul:v3": 2_500, "bulbul:v4-flash": 2_500}


def _error(status: int, message: str, code: str, **headers: str) -> Answer:
    return as_json({"error": {"message": message, "code": code, "request_id": "loopback"}}, status, **headers)


class FakeSarvam(Loopback):
    errors: ClassVar[dict[str, Answer]] = {
        "400": _error(400, "Speaker is not compatible with the model", "invalid_request_error"),
        "401": _error(403, "Invalid API key loopback-secret", "invalid_api_key_error"),
        "403": _error(403, "Invalid API key loopback-secret", "invalid_api_key_error"),
        "429": _error(429, "Rate limit exceeded", "rate_limit_exceeded_error"),
        "429-retry-after": _error(429, "Rate limit exceeded", "rate_limit_exceeded_error", Retry_After="1"),
        "quota": _error(429, "No credits available", "insufficient_quota_error"),
        "500": _error(500, "Internal server error", "internal_server_error"),
        "silence": as_json({"request_id": None, "audios": [base64.b64encode(to_wav(b"", 24_000)).decode()]}),
        "no-base64": as_json({"request_id": None, "audios": ["!"]}),
    }

    def answer(self, seen: Seen) -> Answer:
        if seen.path == "/speech-to-text":
            said = {"transcript": words_in(seen.body["file"]), "language_code": "hi-IN", "language_probability": 0.9}
            return as_json({"request_id": None, **said})
        if seen.path == "/text-to-speech":
            return self._speech(seen.body)
        known = _CHAT_FIELDS | (_V2_FIELDS if seen.path.startswith("/v2/") else set())
        if seen.body.keys() - known or any(message["role"] == "developer" for message in seen.body["messages"]):
            return _error(422, "Unexpected field", "unprocessable_entity_error")
        return chat(seen.body)

    def _speech(self, body: dict[str, Any]) -> Answer:
        # Clients in use send the field under its old name as well.
        language = body.get("language_code") or body.get("target_language_code")
        if not language or not language.endswith("-IN") or len(body["text"]) > _LIMITS[body["model"]]:
            return self.errors["400"]
        sample_rate = body.get("speech_sample_rate", 22_050)
        wav = to_wav(tone(body["text"], sample_rate), sample_rate)
        return as_json({"request_id": "loopback", "audios": [base64.b64encode(wav).decode()]})
