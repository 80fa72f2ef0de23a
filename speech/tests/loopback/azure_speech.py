"""Azure AI Speech: SSML in, samples out; and fast transcription."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import ClassVar

from speech.tests.loopback.answers import Answer, Seen, as_json, tone
from speech.tests.loopback.openai import words_in
from speech.tests.loopback.server import Loopback


class FakeAzureSpeech(Loopback):
    errors: ClassVar[dict[str, Answer]] = {
        "400": as_json({"code": "InvalidRequest", "message": "The locale is not supported."}, 400),
        "401": Answer([b""], content_type="text/plain", status=401),
        "429": Answer([b""], content_type="text/plain", status=429),
        "429-retry-after": Answer([b""], content_type="text/plain", status=429, headers={"Retry-After": "1"}),
        "quota": as_json({"error": {"code": "403", "message": "Out of call volume quota."}}, 403),
        "500": Answer([b""], content_type="text/plain", status=500),
    }

    def answer(self, seen: Seen) -> Answer:
        if seen.headers.get("ocp-apim-subscription-key") != "loopback-secret":
            return self.errors["401"]
        if seen.path == "/speechtotext/transcriptions:transcribe?api-version=2024-11-15":
            text = words_in(seen.body["audio"])
            times = {"offsetMilliseconds": 80, "durationMilliseconds": 1_240}
            phrase = {**times, "text": text, "locale": "en-US", "words": [{**times, "text": "I"}]}
            return as_json({"durationMilliseconds": 1_500, "combinedPhrases": [{"text": text}], "phrases": [phrase]})
        wanted = ("application/ssml+xml", "raw-24khz-16bit-mono-pcm")
        if (seen.headers["content-type"], seen.headers["x-microsoft-outputformat"]) != wanted:
            return self.errors["400"]
        # It refuses what is no XML, as the service does.
        spoken = "".join(ET.fromstring(seen.body).itertext())  # noqa: S314 (from the test itself)
        return Answer([tone(spoken)], content_type="audio/basic", streamed=True)
