"""The adapters of voice engines send what the engines' own SDKs send, and read what these read."""

from __future__ import annotations

import hashlib
import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings as project
from pytest_django import Settings

from speech import providers
from speech.providers.base import SpeechRequest, TranscriptionRequest
from speech.tests.clients.web_socket import WebSocketLog
from speech.tests.loopback import Loopback, Seen
from speech.tests.loopback.azure_speech import FakeAzureSpeech
from speech.tests.loopback.cartesia import FakeCartesia
from speech.tests.loopback.deepgram import FakeDeepgram
from speech.tests.loopback.google import FakeGoogle
from speech.tests.support.pcm import read

SCRIPT = Path(__file__).parent / "python/with_voice_sdks.py"
SECONDS = 60
TEXT = "Good morning, नमस्ते."
KEY_HEADERS = ("authorization", "x-goog-api-key", "ocp-apim-subscription-key")

pytestmark = pytest.mark.timeout(SECONDS + 30)


def theirs(call: str, url: str) -> Any:
    """Return what the SDK reads. Skips the test if it is not installed."""
    environment = project.BASE_DIR / ".venv" / "clients-voice"
    if not (environment / "installed").exists():
        pytest.skip("the SDKs of voice engines are not installed: make clients")
    done = subprocess.run(
        [str(environment / "bin/python"), str(SCRIPT), call, url], capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def ours(settings: Settings, name: str, url: str, **request: Any) -> Any:
    """Return the digest of our adapter's sound, and the words if their times are asked for."""
    settings.PROVIDERS = {name: {"API_KEY": "loopback-secret", "BASE_URL": url}}
    provider = providers.get(name)
    speech = provider.speak(provider.prepare_speech(SpeechRequest(**{"text": TEXT, "language": "en", **request})))
    if not request.get("timestamps"):
        return hashlib.sha256(b"".join(read(speech)[0])).hexdigest()
    items = list(speech.pcm)
    sound = b"".join(item for item in items if isinstance(item, bytes))
    words = [list(asdict(item).values()) for item in items if not isinstance(item, bytes)][:-1]
    return [hashlib.sha256(sound).hexdigest(), words]


def sent(seen: Seen) -> Any:
    url = urlsplit(seen.path)
    keys = [seen.headers.get(name) for name in KEY_HEADERS]
    return url.path, sorted(parse_qsl(url.query)), keys, seen.body


SPEECH: dict[str, tuple[Callable[[], Loopback], dict[str, Any]]] = {
    "deepgram_speech": (FakeDeepgram, {"voice": "thalia", "speed": 1.25}),
    "cartesia_speech": (FakeCartesia, {"voice": "nova", "speed": 1.25}),
    "cartesia_word_times": (FakeCartesia, {"voice": "nova", "speed": 1.25, "timestamps": ("word",)}),
    "google_speech": (FakeGoogle, {"voice": "Kore", "speed": 1.25}),
}


@pytest.mark.parametrize("call", SPEECH)
def test_speech_is_asked_for_and_read_as_the_sdk_does(settings: Settings, call: str) -> None:
    fake, request = SPEECH[call]
    with fake() as server:
        assert ours(settings, call.split("_")[0], server.url, **request) == theirs(call, server.url)
        first, second = map(sent, server.requests)
    assert first == second


def test_deepgram_hears_what_its_sdk_hears(settings: Settings) -> None:
    with FakeDeepgram() as server:
        settings.PROVIDERS = {"deepgram": {"API_KEY": "loopback-secret", "BASE_URL": server.url}}
        deepgram = providers.get("deepgram")
        asked = TranscriptionRequest(audio=b"RIFF", kind="wav", timestamps=("segment", "word"))
        heard = deepgram.transcribe(deepgram.prepare_transcription(asked))
        text, seconds, segment, words = theirs("deepgram_transcription", server.url)
        first, second = map(sent, server.requests)
    assert first == second
    assert (heard.text, heard.seconds) == (text, seconds)
    assert [heard.segments[0]["start"], heard.segments[0]["end"]] == segment
    # The SDK has the word as it was heard beside its spelling, which is what a transcript shows.
    assert [[word["word"].lower(), word["start"], word["end"]] for word in heard.words] == words


def test_cartesias_voices_are_listed_as_its_sdk_lists_them(settings: Settings) -> None:
    with FakeCartesia() as server:
        ours(settings, "cartesia", server.url, voice="Asha")
        _, [voice, name] = theirs("cartesia_voices", server.url)
        first, second, speech, *listed = server.requests
    assert name.startswith("Asha")
    assert speech.body["voice"]["id"] == voice
    # The SDK knows the end of a list by an empty page.
    assert [sent(seen) for seen in (first, second)] == [sent(seen) for seen in listed[:2]]


def test_azure_is_sent_the_markup_and_the_format_of_its_sdk(settings: Settings) -> None:
    with FakeAzureSpeech() as server:
        ours(settings, "azure_speech", server.url, text="Fish & <chips>", voice="Ava", language="")
        [seen] = server.requests
    with WebSocketLog() as log:
        assert "Canceled" in theirs("azure_speech", log.url)
    assert log.headers["ocp-apim-subscription-key"] == seen.headers["ocp-apim-subscription-key"]
    context = json.loads(log.messages["synthesis.context"])["synthesis"]["audio"]
    assert context["outputFormat"] == seen.headers["x-microsoft-outputformat"]
    assert markup(log.messages["ssml"]) == markup(seen.body)


def markup(document: str | bytes) -> Any:
    root = ET.fromstring(document)  # noqa: S314 (from the test itself)
    return [(element.tag, element.attrib, element.text) for element in root.iter()]
