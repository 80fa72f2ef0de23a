"""Parts of a chat message as blocks of Anthropic's Messages API."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from speech.exceptions import UnsupportedFeature

# RFC 2397: the scheme and the type are the same in capitals, and parameters may follow.
_DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)(?:;[^;,]*)*;base64,(?P<data>.*)", re.DOTALL | re.IGNORECASE)
# Other names of the same type, of which the API knows one.
_TYPES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "application/x-pdf": "application/pdf"}
# Fields of a text block beside its text; others are refused.
_OF_TEXT = ("cache_control", "citations")
# Blocks of the API itself, which Cursor and others send within chat messages for Claude: `tool_result`,
# `web_search_tool_result` …
_OWN_BLOCK = re.compile(r"image|document|(redacted_)?thinking|search_result|container_upload|(\w+_)?tool_(use|result)")


def blocks_of(content: Any) -> Iterator[dict[str, Any]]:
    """Yield the blocks of a message's content without blank texts, which the API refuses."""
    for part in [content] if isinstance(content, str) else content or ():
        part = {"type": "text", "text": part} if isinstance(part, str) else part
        if part.get("text") is None or part["text"].strip():
            yield _block(part)


def marked(blocks: Iterable[dict[str, Any]], message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the blocks of a message, the last one marked for the prompt cache if the message is."""
    found = list(blocks)
    if found and message.get("cache_control"):
        found[-1] = {**found[-1], "cache_control": message["cache_control"]}
    return found


def texts_of(content: Any) -> Iterator[dict[str, Any]]:
    """Yield the blocks of a system message. Raises UnsupportedFeature for any but texts."""
    for block in blocks_of(content):
        if block["type"] != "text":
            raise UnsupportedFeature("anthropic reads only text in system messages", param="messages")
        yield block


def _block(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    more = {"cache_control": part["cache_control"]} if part.get("cache_control") else {}
    if kind in ("text", "input_text", "output_text"):
        return {"type": "text", "text": part["text"], **{name: part[name] for name in _OF_TEXT if part.get(name)}}
    if kind == "refusal":
        return {"type": "text", "text": part["refusal"]}
    if kind == "image_url":
        image = part["image_url"]
        # Mistral's clients send the address alone.
        return _media(image if isinstance(image, str) else image["url"], "image") | more
    if kind == "file" and part.get("file", {}).get("file_data"):
        return _media(part["file"]["file_data"], "document") | more
    if isinstance(kind, str) and _OWN_BLOCK.fullmatch(kind):
        return dict(part)
    raise UnsupportedFeature(f"anthropic does not read a part of type {kind!r}", param="messages")


def _media(url: str, kind: str) -> dict[str, Any]:
    """Return the block for an address, of type `kind` unless it holds data of another type: a PDF sent as an image."""
    match = _DATA_URL.fullmatch(url)
    if not match:
        return {"type": kind, "source": {"type": "url", "url": url}}
    type, data = match["type"].lower(), match["data"]
    type = _TYPES.get(type, type)
    if type.startswith("text/") and (text := _decoded(data)) is not None:
        # The only type of text that the API has.
        return {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}}
    kind = "image" if type.startswith("image/") else "document"
    return {"type": kind, "source": {"type": "base64", "media_type": type, "data": data}}


def _decoded(data: str) -> str | None:
    try:
        return base64.b64decode(data).decode("utf-8-sig")
    except ValueError:
        return None
