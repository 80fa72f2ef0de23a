"""Spoken questions: `multipart/form-data` with the audio in `file` and the JSON body in `request`."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers
from rest_framework.request import Request

from caching.policy import Policy
from speech.api.errors import PayloadTooLarge
from speech.api.request_body import parse_json
from speech.api.serializers import NOTHING_SAID, ConverseCall, ConverseRequestSerializer
from speech.api.uploads import audio_of
from speech.exceptions import InvalidRequest, fields_named
from speech.models import Client
from speech.providers.base import TranscriptionRequest
from speech.services import transcription


class SpokenRequestSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="Audio file with the question.")
    request = serializers.JSONField(
        required=False,
        help_text="JSON body of a text request, without `query`; `messages` holds the earlier conversation.",
    )


def read_spoken_call(request: Request, held: ExitStack) -> tuple[ConverseCall, TranscriptionRequest]:
    """Return the call, with a placeholder for the question, and the audio that holds the question."""
    audio, kind = audio_of(request, held)
    fields: Any = parse_json(_json_of(request) or b"{}", "request")
    if not isinstance(fields, dict) or fields.get("query") is not None:
        raise InvalidRequest("request must be a JSON object without query: the question is in file", param="request")
    asked = ConverseRequestSerializer(data={**fields, **_question(fields.get("messages"))})
    asked.is_valid(raise_exception=True)
    call = asked.to_call()
    return call, TranscriptionRequest(audio, kind, model=call.options.stt_model, language=call.speech.language)


def _json_of(request: Request) -> bytes:
    """Return the part `request`. Browsers give it a file name if it is a Blob, to tell its type."""
    form: Any = request.data
    part = form.get("request")
    if not isinstance(part, UploadedFile):
        return str(part or "").encode()
    if (part.size or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise PayloadTooLarge(f"request is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
    body: bytes = part.read()
    return body


def _question(turns: Any) -> dict[str, Any]:
    if turns is None:
        # Stands in for the question while the request is validated, so that nothing is transcribed in vain.
        return {"query": NOTHING_SAID}
    if not isinstance(turns, list):
        raise InvalidRequest("messages must be a list", param="messages")
    return {"messages": [*turns, {"role": "user", "content": NOTHING_SAID}]}


def hear(
    client: Client, call: ConverseCall, audio: TranscriptionRequest, policy: Policy
) -> tuple[ConverseCall, dict[str, Any]]:
    """Transcribe `audio`. Return `call` with the transcript as its question, and its entry in the receipt."""
    with fields_named({"provider": "stt_provider", "model": "stt_model"}):
        result = transcription.transcribe(
            client=client, request=audio, policy=policy, provider=call.options.stt_provider
        )
    text = result.cache.value["text"].strip()
    if not text:
        raise InvalidRequest("no speech found in file", param="file", code="no_speech")
    question = {"role": "user", "content": text}
    chat = replace(call.chat, messages=[*call.chat.messages[:-1], question])
    heard = {"text": text, "cache": result.cache.status, "provider": result.provider}
    return replace(call, chat=chat, speech=replace(call.speech, text=text)), heard
