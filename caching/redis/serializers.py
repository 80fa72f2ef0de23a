"""Formats of values in Redis. No pickle: stored data must never be executable."""

from __future__ import annotations

import json
import re
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from django_redis.serializers.base import BaseSerializer

_CHECKSUM = re.compile(rb',"crc32":"([0-9a-f]{8})"}')
_CHECKSUM_BYTES = 20


class Unreadable(ValueError):
    """A value in Redis is in no format of this version."""


class StoredObject(dict[str, Any]):
    """A JSON object from Redis, which its readers share. `parsed` keeps what they make of it, for the next one."""

    parsed: Any = None


class JSONSerializer(BaseSerializer):
    """JSON objects in readable UTF-8, as `redis-cli --raw GET` shows them.

    The last member, `crc32`, covers all bytes before it, so a partly overwritten value is detected.
    """

    def dumps(self, value: dict[str, Any]) -> bytes:
        # A lone surrogate in a provider's answer cannot be encoded; escaping keeps it.
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        data = text.encode("utf-8", "surrogatepass")[:-1]
        return b'%b,"crc32":"%08x"}' % (data, zlib.crc32(data))

    def loads(self, value: bytes) -> StoredObject:
        data, checksum = value[:-_CHECKSUM_BYTES], _CHECKSUM.fullmatch(value[-_CHECKSUM_BYTES:])
        if not checksum or int(checksum[1], 16) != zlib.crc32(data):
            raise Unreadable("not a JSON entry of this version, or changed by somebody else")
        value = data + b"}"
        try:
            loaded = json.loads(value.decode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError) as error:
            raise Unreadable("not JSON") from error
        if not isinstance(loaded, dict):
            raise Unreadable("not a JSON object")
        return StoredObject(loaded)


@dataclass(frozen=True, slots=True)
class Audio:
    """Encoded audio with the few fields needed to serve it."""

    data: bytes
    fields: dict[str, Any]


class AudioSerializer(BaseSerializer):
    """`TTS2`, the length of the fields (16 bits), the fields as JSON, the length of the audio (32 bits), the CRC-32 of
    both (32 bits), the audio.

    A truncated or overwritten value is detected.
    """

    MAGIC = b"TTS2"
    # This many bytes from the start hold the fields, also of a text whose letters take four bytes each.
    HEAD = 1024

    def dumps(self, value: Audio) -> bytes:
        fields = json.dumps(value.fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return b"".join(
            (
                *(self.MAGIC, struct.pack(">H", len(fields)), fields),
                *(struct.pack(">II", len(value.data), zlib.crc32(value.data, zlib.crc32(fields))), value.data),
            )
        )

    def loads(self, value: bytes) -> Audio:
        if value[:4] != self.MAGIC:
            raise Unreadable("not an audio entry of this version")
        try:
            (fields_length,) = struct.unpack_from(">H", value, 4)
            start = 6 + fields_length + 8
            audio_length, checksum = struct.unpack_from(">II", value, start - 8)
            fields = json.loads(value[6 : start - 8])
        except (struct.error, ValueError, RecursionError) as error:
            raise Unreadable("a broken audio entry") from error
        if len(value) != start + audio_length or not isinstance(fields, dict):
            raise Unreadable("a truncated audio entry")
        data = value[start:]
        if checksum != zlib.crc32(data, zlib.crc32(value[6 : start - 8])):
            raise Unreadable("an audio entry that was changed by somebody else")
        return Audio(data, StoredObject(fields))

    def loads_fields(self, head: bytes) -> dict[str, Any]:
        """Return the fields from the first HEAD bytes of a value."""
        try:
            (length,) = struct.unpack_from(">H", head, 4)
            fields = json.loads(head[6 : 6 + length])
        except (struct.error, ValueError, RecursionError) as error:
            raise Unreadable("a broken audio entry") from error
        if head[:4] != self.MAGIC or not isinstance(fields, dict):
            raise Unreadable("not an audio entry of this version")
        return fields
