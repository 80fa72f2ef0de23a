"""Validation of uploaded audio files by size and signature. They are not decoded."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, MultiPartParser
from rest_framework.request import Request

from speech.api.body_stream import LARGE_BYTES, BodyStream, place_for_large_body
from speech.api.errors import PayloadTooLarge
from speech.exceptions import InvalidRequest

# Bytes of a multipart body in addition to the file.
ROOM_FOR_FIELDS = 65_536

# Extensions of formats that providers take, by the first bytes of the file …
_BEGINNINGS = {
    b"ID3": "mp3", b"fLaC": "flac", b"OggS": "ogg", b"\x1a\x45\xdf\xa3": "webm", b"ADIF": "aac", b"#!AMR": "amr",
    b"caff": "caf", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "wma", b".snd": "au", b"\0\0\1\xba": "mpeg",
}  # fmt: skip
# … by the first four and those from the ninth …
_CONTAINERS = {
    (b"RIFF", b"WAVE"): "wav", (b"RF64", b"WAVE"): "wav", (b"FORM", b"AIFF"): "aiff", (b"FORM", b"AIFC"): "aiff",
}  # fmt: skip
# … and by the name of the first box of an MP4 or QuickTime file.
_BOXES = dict.fromkeys((b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"), "m4a")
KINDS = sorted({*_BEGINNINGS.values(), *_CONTAINERS.values(), *_BOXES.values()})


class UploadParser(MultiPartParser):
    """Refuses a body that is too large, before any of it is read if its Content-Length says so."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles[Any, Any]:
        meta = (parser_context or {})["request"].META
        body: Any = BodyStream(stream, meta, settings.MAX_UPLOAD_BYTES + ROOM_FOR_FIELDS)
        try:
            return super().parse(body, media_type, parser_context)
        except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent) as error:
            raise PayloadTooLarge("The form has too many or too large fields.") from error
        except (SuspiciousOperation, ValueError, UnicodeError) as error:
            raise ParseError("The body is not valid multipart/form-data.") from error


def audio_of(request: Request, held: ExitStack) -> tuple[bytes, str]:
    """Return the uploaded `file` and the extension of its format. Raises InvalidRequest, PayloadTooLarge or ServerBusy.

    A large file takes a place, held by `held`, because it is read into memory.
    """
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        raise InvalidRequest("file must contain the audio as a part of a multipart/form-data body", param="file")
    if len(request.FILES.getlist("file")) > 1:
        raise InvalidRequest("file must be one part of the body, not several", param="file")
    if (upload.size or 0) > settings.MAX_UPLOAD_BYTES:
        raise PayloadTooLarge(f"The file is larger than {settings.MAX_UPLOAD_BYTES} bytes.")
    if (upload.size or 0) >= LARGE_BYTES:
        held.enter_context(place_for_large_body(request.user.pk))
    audio: bytes = upload.read()
    return audio, kind_of(audio)


def kind_of(audio: bytes) -> str:
    """Detect the format (`wav`, `mp3`, …) by the file signature. Raises InvalidRequest for anything else."""
    head = audio[:12]
    kind = _CONTAINERS.get((head[:4], head[8:])) or _BOXES.get(head[4:8])
    kind = kind or next((kind for beginning, kind in _BEGINNINGS.items() if head.startswith(beginning)), "")
    if kind:
        return kind
    # A frame of MPEG audio begins with eleven bits set; the next ones are version and layer, of which ADTS has 0.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0x06 == 0 else "mp3"
    raise InvalidRequest(f"file is not a supported audio format ({', '.join(KINDS)})", param="file", code="not_audio")
