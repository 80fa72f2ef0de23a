"""Redis key formats. Pure functions: no Redis, no settings except the prefix and the readability of keys."""

from __future__ import annotations

import base64
import hashlib
import json
import re
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
EMBEDDING = "emb"
LIMIT = "limit"
# Counters, not entries.
ASKED = "asked"
# Changes when a client is forgotten.
ERASED = "llm:erased"
# Which installations use this Redis.
INSTALLATIONS = "llm:installations"
# Stream of the latest requests, for the page Requests.
REQUESTS = "llm:requests"
KINDS = (EXACT, SEMANTIC, QUERY_INDEX, SPEECH, TRANSCRIPT, EMBEDDING)

# Maximum length of readable text in a key.
MAX_READABLE = 120

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
# Matches every whole float in JSON (`1.0`, `1e+16`), and few texts: no address such as `127.0.0.1`.
_WHOLE_FLOAT = re.compile(r"\d(?:\.0(?![\d.])|e\+)")
# Not U+00A0, U+2009, U+202F and their like, which keep the digits of a number together: "10 000" is said otherwise.
_WHITE_SPACE = re.compile("[ \t\n\r\x0b\x0c\x85\u2028\u2029]+")
_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
# What separates parts of a key, widens a pattern, or does not print; letters of every script stay as they are.
_UNSAFE = re.compile(r"[:%*?\[\]\\\x00-\x1f\x7f]")


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Return the key as documented, without django-redis' `:1:`. For KEY_FUNCTION."""
    return f"{key_prefix}:{key}" if key_prefix else key


def reverse_key(key: str) -> str:
    """Inverse of `make_key`. For REVERSE_KEY_FUNCTION."""
    prefix = settings.CACHE_KEY_PREFIX
    return key.removeprefix(f"{prefix}:") if prefix else key


def canonical_json(value: Any) -> str:
    """Serialize with sorted keys, no white space and `1.0` as `1`, so that equal values have equal texts."""
    text = _encode(value)
    # Most requests hold no such number, and looking for one in the text is far cheaper than walking through the value.
    return _encode(plain(value)) if _WHOLE_FLOAT.search(text) else text


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical form, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def content_of(value: Any) -> str:
    """Return the digest of all that an entry depends on, but for its owner: 128 bits of SHA-256, with which no
    collision is expected below 10^18 entries.
    """
    return digest(value)[:32]


def owned(scope: str, content: str) -> str:
    """Return the digest that names `content` within `scope`, as 64 hexadecimal digits.

    Entries keep their content, so that `rekeyed` can give them to the same client of another installation.
    """
    return hashlib.sha256(f"{scope}\n{content}".encode()).hexdigest()


def exact_key(scope: str, content: str) -> str:
    """Return `llm:exact:{hash}`."""
    return f"{EXACT}:{owned(scope, content)}"


def semantic_key(scope: str, normalized: str) -> str:
    """Return `llm:semantic:{scope}:{normalized}`; longer texts, and all with CACHE_HASH_KEYS, are hashed."""
    if settings.CACHE_HASH_KEYS:
        return f"{SEMANTIC}:{scope}:{digest(normalized)[:32]}"
    if len(normalized) > MAX_READABLE:
        normalized = f"{normalized[:MAX_READABLE]}#{digest(normalized)[:16]}"
    return f"{SEMANTIC}:{scope}:{_UNSAFE.sub(lambda match: _quoted(match[0]), normalized)}"


def index_key(made_by: str, part: str) -> str:
    """Return `llm:query_index:{made_by}:{part}`, separate for each embedder."""
    return f"{QUERY_INDEX}:{_quoted(made_by)}:{part}"


def normalize_speech_text(text: str) -> str:
    """Fold white space, which does not change the sound.

    Case and punctuation do, ZWJ and ZWNJ change Indic letters, engines read the accents of decomposed letters otherwise
    or not at all, and voices pause at line ends, longer at empty lines.
    """
    return _WHITE_SPACE.sub(_one_blank, text.strip())


def _one_blank(white_space: re.Match[str]) -> str:
    return "\n\n"[: len(_LINE_END.findall(white_space[0]))] or " "


def speech_content(text: str, options: Mapping[str, Any]) -> str:
    return content_of({**options, "text": normalize_speech_text(text)})


def speech_key(scope: str, content: str, *, provider: str, voice: str, codec: str) -> str:
    """Return `tts:{provider}:{voice}:{text_hash}:{codec}`; half a digest, as each sentence is an entry."""
    return f"{SPEECH}:{_quoted(provider)}:{_quoted(voice)}:{owned(scope, content)[:32]}:{_quoted(codec)}"


def transcript_key(scope: str, content: str, *, provider: str) -> str:
    """Return `stt:{provider}:{audio_hash}`."""
    return f"{TRANSCRIPT}:{_quoted(provider)}:{owned(scope, content)}"


def embedding_key(scope: str, content: str, *, provider: str) -> str:
    """Return `emb:{provider}:{hash}`."""
    return f"{EMBEDDING}:{_quoted(provider)}:{owned(scope, content)}"


def packed(*digests: str) -> str:
    """Return one or two results of `content_of` as one text, a third shorter: that is how entries hold them."""
    return base64.urlsafe_b64encode(bytes.fromhex("".join(digests))).decode().rstrip("=")


def unpacked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an entry with its `content` and `context` by name, which some entries hold so already."""
    fields = dict(fields)
    try:
        digests = base64.urlsafe_b64decode(fields["digests"] + "==").hex()
    except (KeyError, TypeError, ValueError):
        return fields
    if len(digests) not in (32, 64):
        return fields
    del fields["digests"]
    names = ("content", "context")[: len(digests) // 32]
    return fields | {name: digests[32 * at : 32 * at + 32] for at, name in enumerate(names)}


# Place of the digest in a key.
_PLACE_OF_DIGEST = {EXACT: 2, SEMANTIC: 2, SPEECH: 3, TRANSCRIPT: 2, EMBEDDING: 2}


def rekeyed(key: str, scope: str, content: str) -> str:
    """Return the key that the entry under `key` has in another scope. Raises ValueError for what is no entry."""
    place = _PLACE_OF_DIGEST.get(kind_of(key))
    parts = key.split(":")
    if place is None or place >= len(parts):
        raise ValueError(f"not the key of an entry: {key}")
    parts[place] = owned(scope, content)[: len(parts[place])]
    return ":".join(parts)


def self_check(key: str) -> str:
    """Digest of the key that an entry repeats, so that a value moved to another key is detected."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class SpeechKey(NamedTuple):
    provider: str
    voice: str
    text_hash: str
    codec: str


def parse_speech_key(key: str) -> SpeechKey:
    """Return the parts of a speech key. Raises ValueError for any other key."""
    kind, *parts = key.split(":")
    if kind != SPEECH or len(parts) != 4:
        raise ValueError(f"not a speech key: {key}")
    return SpeechKey(*(unquote(part) for part in parts))


def kind_of(key: str) -> str:
    """Return `llm:exact`, `llm:semantic`, `llm:query_index`, `tts`, …, or "" for other keys."""
    for kind in KINDS:
        if key == kind or key.startswith(f"{kind}:"):
            return kind
    return ""


def _quoted(part: str) -> str:
    # Percent-encoding leaves no separator and no glob character that could break a key or widen a pattern.
    return quote(part, safe="")


def plain(value: Any) -> Any:
    """Return `value` with whole floats as integers, as in the canonical form."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def without_text(key: str) -> str:
    """Return the name of an entry with the readable part of a question as a hash."""
    if kind_of(key) != SEMANTIC:
        return key
    scope, _, text = key.removeprefix(f"{SEMANTIC}:").partition(":")
    return f"{SEMANTIC}:{scope}:#{digest(text)[:16]}"
