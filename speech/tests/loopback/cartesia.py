"""Cartesia's speech and its list of voices."""

from __future__ import annotations

import base64
import json
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from speech.tests.loopback.answers import Answer, Seen, as_json, tone
from speech.tests.loopback.server import Loopback

VOICE = "11111111-2222-3333-4444-555555555555"
# Two pages of one each, as of accounts that have more than a hundred.
_PAGES = {
    "": {"id": "00000000-2222-3333-4444-555555555555", "name": "Jacqueline", "language": "en"},
    "00000000-2222-3333-4444-555555555555": {"id": VOICE, "name": "Asha - Calm", "language": "hi"},
}
_FIELDS = {"model_id", "transcript", "voice", "output_format", "language", "generation_config", "add_timestamps"}


class FakeCartesia(Loopback):
    # In place of the last event.
    last: dict[str, Any] | None = None

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
            page = _PAGES.get(dict(parse_qsl(urlsplit(seen.path).query)).get("starting_after", ""), {})
            return as_json({"data": [page] if page else [], "has_more": page.get("id") in _PAGES})
        form = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000}
        if seen.path == "/tts/sse" and seen.body["output_format"] == form and seen.body["add_timestamps"]:
            return self._events(seen.body["transcript"])
        if seen.path != "/tts/bytes" or seen.body["output_format"] != form or set(seen.body) - _FIELDS:
            return self.errors["400"]
        return Answer([tone(seen.body["transcript"])], content_type="audio/pcm", streamed=True)

    def _events(self, text: str) -> Answer:
        """The sound in two chunks, and the words, of which each takes 100 ms, in two messages."""
        pcm, words = tone(text), text.split()
        half, middle = len(pcm) // 4 * 2, (len(words) + 1) // 2
        messages: list[dict[str, Any]] = []
        for sound, first, some in ((pcm[:half], 0, words[:middle]), (pcm[half:], middle, words[middle:])):
            starts = [round((first + at) / 10, 3) for at in range(len(some))]
            times = {"words": some, "start": starts, "end": [round(start + 0.08, 3) for start in starts]}
            messages += [
                {"type": "chunk", "data": base64.b64encode(sound).decode(), "done": False, "status_code": 206},
                {"type": "timestamps", "done": False, "status_code": 206, "word_timestamps": times},
            ]
        messages += [self.last or {"type": "done", "done": True, "status_code": 206}]
        events = b"".join(b"event: %b\ndata: %b\n\n" % (m["type"].encode(), json.dumps(m).encode()) for m in messages)
        # Cut anywhere.
        chunks = [events[at : at + 1_000] for at in range(0, len(events), 1_000)]
        return Answer(chunks, content_type="text/event-stream", streamed=True)
