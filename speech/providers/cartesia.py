"""Cartesia: speech of its Sonic models as a stream of PCM.

The wire format is that of the API reference (docs.cartesia.ai/api-reference: tts/bytes, tts/sse, voices/list), version
2026-08-14, which its Python SDK 4.2.0 sends.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from speech.providers._shared import openai_names, validation, voice_list
from speech.providers._shared.http import ProviderRequest, call_for_json
from speech.providers._shared.streamed_speech import SAMPLE_RATE, stream_speech
from speech.providers._shared.word_times.cartesia import timed_speech
from speech.providers.base import BaseProvider, Speech, SpeechRequest, Voice
from speech.text.languages import primary

# Characters of one request.
_LIMIT = 3_000
_API_VERSION = "2026-08-14"
_VOICES_A_PAGE, _MAX_PAGES = 100, 20
# Voices that every account has: those of the examples of Cartesia and LiveKit.
_JACQUELINE = "9626c31c-bec5-4cca-baa8-f8ba9e84c8bc"
_WOMAN, _MAN = "694f9389-aac1-45b6-b726-9d9369183238", "a0e99841-438c-4a64-b679-ae501e7d6091"
_ALIASES = {
    **dict.fromkeys(("alloy", "coral", "marin", "sage"), _JACQUELINE),
    **dict.fromkeys(("nova", "shimmer"), _WOMAN),
    **dict.fromkeys(("ash", "ballad", "cedar", "echo", "fable", "onyx", "verse"), _MAN),
}
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Provider(BaseProvider):
    """A voice is named by its id, or by its name in this account."""

    defaults = {
        "API_KEY": "",
        "BASE_URL": "https://api.cartesia.ai",
        "MODEL": "sonic-3.5",
        "VOICE": _JACQUELINE,
        "VOICE_ALIASES": "",
    }
    required = ("API_KEY",)
    does = frozenset({"speech"})
    voices_are_known = False
    times_words = True

    def prepare_speech(self, request: SpeechRequest) -> SpeechRequest:
        request = validation.tidy(self, replace(request, voice=request.voice or self.setting("VOICE")), _ALIASES)
        validation.refuse(self, pitch=request.pitch, instructions=request.instructions)
        validation.check_range("speed", request.speed, 0.6, 1.5)
        model = openai_names.own_model(request.model, "speech") or self.setting("MODEL")
        return replace(request, voice=self._voice_id(request), model=model)

    def speak(self, request: SpeechRequest) -> Speech:
        url = self._url("/tts/sse" if request.timestamps else "/tts/bytes")

        def asking(text: str) -> ProviderRequest:
            return ProviderRequest(self.name, url, self._headers(), self._body(request, text))

        return Speech(stream_speech(self, request, _LIMIT, asking, read_timed=timed_speech), SAMPLE_RATE)

    def models(self) -> list[str]:
        return [self.setting("MODEL")]

    def voices(self) -> list[Voice]:
        return [Voice(id=_JACQUELINE, name="Jacqueline", languages=("en",))]

    def _voice_id(self, request: SpeechRequest) -> str:
        if found := self._id_of(request.voice):
            return found
        if found := self._id_of(validation.voice_for(self, request.voice.lower(), _ALIASES)):
            return found
        names = voice_list.ids_by_name(self, self._voices_of_account)
        raise validation.unknown_voice(self, request, [name.title() for name in sorted(names)])

    def _id_of(self, voice: str) -> str | None:
        if _ID.fullmatch(voice.lower()):
            return voice.lower()
        return voice_list.ids_by_name(self, self._voices_of_account).get(voice.casefold())

    def _voices_of_account(self) -> dict[str, str]:
        named: dict[str, str] = {}
        after = ""
        for _ in range(_MAX_PAGES):
            url = self._url(f"/voices?limit={_VOICES_A_PAGE}{after}")
            answer = call_for_json(ProviderRequest(self.name, url, self._headers()))
            voices = [voice for voice in answer.get("data") or () if isinstance(voice, dict)]
            for voice in voices:
                named.setdefault(str(voice.get("name")).partition(" - ")[0], str(voice.get("id")))
            if not voices or not answer.get("has_more", len(voices) == _VOICES_A_PAGE):
                break
            after = f"&starting_after={quote(str(voices[-1].get('id')), safe='')}"
        return named

    def _body(self, request: SpeechRequest, text: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model_id": request.model,
            "transcript": text,
            "voice": {"mode": "id", "id": request.voice},
            "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": SAMPLE_RATE},
        }
        if language := primary(request.language):
            body["language"] = language
        if request.timestamps:
            body["add_timestamps"] = True
        if request.speed != 1:
            body["generation_config"] = {"speed": request.speed}
        return body

    def _url(self, path: str) -> str:
        return f"{self.setting('BASE_URL').rstrip('/')}{path}"

    def _headers(self) -> dict[str, str]:
        self.ensure_configured()
        return {"Authorization": f"Bearer {self.setting('API_KEY')}", "Cartesia-Version": _API_VERSION}
