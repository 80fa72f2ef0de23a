"""Deepgram's speech and its transcripts of whole files."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

from speech.tests.loopback.answers import Answer, Seen, as_json, tone
from speech.tests.loopback.openai import words_in
from speech.tests.loopback.server import Loopback


def _error(status: int, code: str, message: str, **headers: str) -> Answer:
    return as_json({"err_code": code, "err_msg": message, "request_id": "loopback"}, status, **headers)


class FakeDeepgram(Loopback):
    errors: ClassVar[dict[str, Answer]] = {
        "400": _error(400, "Bad Request", "No such model/language/tier combination found."),
        "401": _error(401, "INVALID_AUTH", "Invalid credentials."),
        "429": _error(429, "TOO_MANY_REQUESTS", "Too many requests. Please try again later."),
        "429-retry-after": _error(429, "TOO_MANY_REQUESTS", "Too many requests.", Retry_After="1"),
        "quota": _error(402, "ASR_PAYMENT_REQUIRED", "Project does not have enough credits."),
        "500": _error(500, "INTERNAL_SERVER_ERROR", "Something went wrong."),
    }

    def answer(self, seen: Seen) -> Answer:
        url = urlsplit(seen.path)
        query = dict(parse_qsl(url.query))
        if seen.headers.get("authorization") != "Token loopback-secret":
            return self.errors["401"]
        if url.path == "/v1/speak":
            return self._speech(query, seen)
        said = {"transcript": words_in(seen.body), "confidence": 0.98}
        word = {"word": "i", "punctuated_word": "I", "start": 0.08, "end": 0.32, "confidence": 0.9}
        channel = {"alternatives": [{**said, "words": [word]}]}
        if "detect_language" in query:
            channel["detected_language"] = "en"  # type: ignore[assignment]
        results: dict[str, object] = {"channels": [channel]}
        if "utterances" in query:
            results["utterances"] = [{"start": 0.08, "end": 1.5, "transcript": said["transcript"]}]
        return as_json({"metadata": {"request_id": "loopback", "duration": 1.5, "channels": 1}, "results": results})

    def _speech(self, query: dict[str, str], seen: Seen) -> Answer:
        form = (query.get("encoding"), query.get("container"), query.get("sample_rate"))
        if form != ("linear16", "none", "24000") or len(seen.body["text"]) > 2_000 or set(seen.body) != {"text"}:
            return self.errors["400"]
        pcm = tone(seen.body["text"])
        size = max(1, len(pcm) // 4 | 1)
        chunks = [pcm[at : at + size] for at in range(0, len(pcm), size)]
        return Answer(
            chunks, content_type="audio/l16", headers={"dg-char-count": str(len(seen.body["text"]))}, streamed=True
        )
