"""How values look in Redis. No pickle: what is read back must not be able to run."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

from django_redis.serializers.base import BaseSerializer


class Unreadable(ValueError):
    """A value in Redis that is not of a form this version writes."""


class JSONSerializer(BaseSerializer):
    """JSON objects in UTF-8, so that `redis-cli --raw GET` shows them as a person would write them."""

    def dumps(self, value: dict[str, Any]) -> bytes:
        # A lone surrogate in a provider's answer cannot be encoded; escaping keeps it.
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass")

    def loads(self, value: bytes) -> dict[str, Any]:
        try:
            loaded = json.loads(value.decode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError) as error:
            raise Unreadable("not JSON") from error
        if not isinstance(loaded, dict):
            raise Unreadable("not a JSON object")
        return loaded


@dataclass(frozen=True, slots=True)
class Audio:
    """Encoded audio with the few fields needed to serve it."""

    data: bytes
    fields: dict[str, Any]


class AudioSerializer(BaseSerializer):
    """`TTS1`, the length of the fields (16 bits), the fields as JSON, the length of the audio (32 bits), the audio.

    Both lengths are stored so that a value that was cut off in Redis is noticed.
    """

    MAGIC = b"TTS1"
    HEAD = 512
    """So many bytes from the start hold the fields, which take 300 at most."""

    def dumps(self, value: Audio) -> bytes:
        fields = json.dumps(value.fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return b"".join(
            (self.MAGIC, struct.pack(">H", len(fields)), fields, struct.pack(">I", len(value.data)), value.data)
        )

    def loads(self, value: bytes) -> Audio:
        if value[:4] != self.MAGIC:
            raise Unreadable("not an audio entry of this version")
        try:
            (fields_length,) = struct.unpack_from(">H", value, 4)
            start = 6 + fields_length + 4
            (audio_length,) = struct.unpack_from(">I", value, start - 4)
            fields = json.loads(value[6 : start - 4])
        except (struct.error, ValueError, RecursionError) as error:
            raise Unreadable("a broken audio entry") from error
        if len(value) != start + audio_length or not isinstance(fields, dict):
            raise Unreadable("a truncated audio entry")
        return Audio(value[start:], fields)

    def loads_fields(self, head: bytes) -> dict[str, Any]:
        """The fields alone, from the first HEAD bytes of a value."""
        try:
            (length,) = struct.unpack_from(">H", head, 4)
            fields = json.loads(head[6 : 6 + length])
        except (struct.error, ValueError, RecursionError) as error:
            raise Unreadable("a broken audio entry") from error
        if head[:4] != self.MAGIC or not isinstance(fields, dict):
            raise Unreadable("not an audio entry of this version")
        return fields
