"""The names of everything in Redis, and how two requests come to share one.

Pure functions: no Redis, no settings but the optional prefix and whether keys may be readable.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from django.conf import settings

EXACT = "llm:exact"
SEMANTIC = "llm:semantic"
QUERY_INDEX = "llm:query_index"
LEARNED = f"{QUERY_INDEX}:learned"
SPEECH = "tts"
TRANSCRIPT = "stt"
LIMIT = "limit"
ASKED = "asked"
"""These two are counters, not entries."""
KINDS = (EXACT, SEMANTIC, QUERY_INDEX, SPEECH, TRANSCRIPT)

MOST_READABLE = 120
"""Characters of a question that its key shows."""

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
_WHOLE_FLOAT = re.compile(r"\.0|\de\+")
"""`1.0` and `1e+16`: how every whole number of type float looks in JSON, and some texts too."""
_WHITE_SPACE = re.compile(r"\s+")
_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
# What separates parts of a key, widens a pattern, or does not print; letters of every script stay as they are.
_UNSAFE = re.compile(r"[:%*?\[\]\\\x00-\x1f\x7f]")


def make_key(key: str, key_prefix: str, version: int) -> str:
    """django-redis' KEY_FUNCTION: keys in Redis read exactly as documented, without `:1:` in front."""
    return f"{key_prefix}:{key}" if key_prefix else key


def reverse_key(key: str) -> str:
    """django-redis' REVERSE_KEY_FUNCTION, the inverse of make_key."""
    prefix = settings.CACHE_KEY_PREFIX
    return key.removeprefix(f"{prefix}:") if prefix else key


def canonical_json(value: Any) -> str:
    """One spelling for all JSON texts of the same meaning: sorted keys, no white space, `1.0` as `1`."""
    text = _encode(value)
    # Most requests hold no such number, and looking for one in the text is far cheaper than walking through the value.
    return _encode(plain(value)) if _WHOLE_FLOAT.search(text) else text


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def exact_key(request: Mapping[str, Any]) -> str:
    """`llm:exact:{hash}` over everything in `request`."""
    return f"{EXACT}:{digest(request)}"


def semantic_key(scope: str, normalized: str) -> str:
    """`llm:semantic:{scope}:{normalized}`, readable; past MOST_READABLE characters the rest is a hash.

    Where CACHE_HASH_KEYS is on all of it is.
    """
    if settings.CACHE_HASH_KEYS:
        return f"{SEMANTIC}:{scope}:{digest(normalized)[:32]}"
    if len(normalized) > MOST_READABLE:
        normalized = f"{normalized[:MOST_READABLE]}#{digest(normalized)[:16]}"
    return f"{SEMANTIC}:{scope}:{_UNSAFE.sub(lambda match: _quoted(match[0]), normalized)}"


def index_key(made_by: str, part: str) -> str:
    """`llm:query_index:{made_by}:{part}`: indexes that different embedders made lie side by side and never mix."""
    return f"{QUERY_INDEX}:{_quoted(made_by)}:{part}"


def normalize_speech_text(text: str) -> str:
    """Fold what two texts may differ in and still sound the same: Unicode form, outer and repeated white space.

    Nothing else: case and punctuation change speech, ZWJ and ZWNJ change Indic letters, and a voice may pause at the
    end of a line, longer at an empty one.
    """
    return _WHITE_SPACE.sub(_one_blank, unicodedata.normalize("NFC", text).strip())


def _one_blank(white_space: re.Match[str]) -> str:
    return "\n\n"[: len(_LINE_END.findall(white_space[0]))] or " "


def speech_key(*, provider: str, voice: str, text: str, options: Mapping[str, Any], codec: str) -> str:
    """`tts:{provider}:{voice}:{text_hash}:{codec}`; the hash covers the text and every option in `options`.

    128 bits of SHA-256: no collision to be expected below 10^18 entries, and half the memory of the whole digest.
    """
    text_hash = digest({**options, "text": normalize_speech_text(text)})[:32]
    return f"{SPEECH}:{_quoted(provider)}:{_quoted(voice)}:{text_hash}:{_quoted(codec)}"


def transcript_key(*, provider: str, audio: str, options: Mapping[str, Any]) -> str:
    """`stt:{provider}:{audio_hash}`; the hash covers `audio`, itself a digest of the sound, and every option."""
    return f"{TRANSCRIPT}:{_quoted(provider)}:{digest({**options, 'audio': audio})}"


def self_check(key: str) -> str:
    """What an entry repeats of its own key, so that a value that was moved to another key is noticed."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class SpeechKey(NamedTuple):
    provider: str
    voice: str
    text_hash: str
    codec: str


def parse_speech_key(key: str) -> SpeechKey:
    """The parts of a key that speech_key made. Raises ValueError for any other key."""
    kind, *parts = key.split(":")
    if kind != SPEECH or len(parts) != 4:
        raise ValueError(f"not a speech key: {key}")
    return SpeechKey(*(unquote(part) for part in parts))


def kind_of(key: str) -> str:
    """`llm:exact`, `llm:semantic`, `llm:query_index`, `tts`, … or "" for a key that is not ours."""
    for kind in KINDS:
        if key == kind or key.startswith(f"{kind}:"):
            return kind
    return ""


def _quoted(part: str) -> str:
    # Percent-encoding leaves no separator and no glob character that could break a key or widen a pattern.
    return quote(part, safe="")


def plain(value: Any) -> Any:
    """`value` with whole numbers as integers: as it stands in the canonical form."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value
