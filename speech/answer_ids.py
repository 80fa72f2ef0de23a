"""Answer ids, which clients send back with their feedback."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from caching import keys
from caching.policy import LEVELS, Level
from caching.result import CacheResult
from speech.models import Client

PREFIX = "chatcmpl-"
RESPONSE = "resp_"
# The level's place in LEVELS, a name of this use, the hash in the answer's key, the pair (zeros: none).
_FORMAT = struct.Struct("!B8s32s12s")
_NO_PAIR = bytes(12)
_SIGNATURE_BYTES = 9


@dataclass(frozen=True, slots=True)
class AnswerID:
    # Names this use of the answer; of a semantic hit as the ledger does.
    match: str
    key: str
    level: Level
    # Of a semantic hit: see caching.semantic.scoring.pair_verdicts. Else empty.
    pair: str


def issue(client: Client, result: CacheResult[Any], level: Level, *, prefix: str = PREFIX) -> str:
    """Return a new id for an answer of a language model."""
    matched = result.matched
    packed = _FORMAT.pack(
        LEVELS.index(level),
        bytes.fromhex(matched.id) if matched else secrets.token_bytes(8),
        bytes.fromhex(result.key.removeprefix(f"{keys.EXACT}:")),
        bytes.fromhex(matched.pair) if matched else _NO_PAIR,
    )
    signature = _signature(client, packed)
    return prefix + base64.urlsafe_b64encode(_sealed(packed, signature) + signature).decode().rstrip("=")


def read(client: Client, id: str) -> AnswerID | None:
    """Decode an id; None if it was not issued to this client."""
    try:
        data = base64.urlsafe_b64decode(id.removeprefix(PREFIX).removeprefix(RESPONSE) + "==")
    except (binascii.Error, ValueError):
        return None
    if len(data) != _FORMAT.size + _SIGNATURE_BYTES:
        return None
    sealed, signature = data[: _FORMAT.size], data[_FORMAT.size :]
    packed = _sealed(sealed, signature)
    if not hmac.compare_digest(signature, _signature(client, packed)):
        return None
    level, match, digest, pair = _FORMAT.unpack(packed)
    return AnswerID(match.hex(), f"{keys.EXACT}:{digest.hex()}", LEVELS[level], "" if pair == _NO_PAIR else pair.hex())


def _signature(client: Client, packed: bytes) -> bytes:
    return _keyed_hash(b"sign:%b:%b" % (client.identity.bytes, packed))[:_SIGNATURE_BYTES]


def _sealed(packed: bytes, signature: bytes) -> bytes:
    """Make `packed` unreadable, or readable again.

    The signature serves as the initial vector, as in RFC 5297: it differs with every id, for each has a new name in it.
    """
    stream = _keyed_hash(b"seal:%b" % signature)[: len(packed)]
    return (int.from_bytes(packed) ^ int.from_bytes(stream)).to_bytes(len(packed))


def _keyed_hash(value: bytes) -> bytes:
    """Return 64 bytes. BLAKE2 takes a key by itself (RFC 7693), in a fraction of the time that an HMAC takes."""
    return hashlib.blake2b(value, key=_key(settings.SECRET_KEY), person=b"answer ids").digest()


@lru_cache(1)
def _key(secret: str) -> bytes:
    """BLAKE2 takes 64 bytes at most."""
    return hashlib.sha512(secret.encode()).digest()
