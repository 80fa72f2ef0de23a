"""Validation of OpenAI messages: no stricter than OpenAI, and fields not named here pass through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from speech.exceptions import InvalidRequest
from speech.providers._shared.openai_names import ROLES

# The others may be results without a text, or answers that consist of something else: calls, a refusal, audio,
# reasoning or nothing.
_SPEAKING_ROLES = ("system", "developer", "user")


def validate_messages(
    messages: Any, *, from_field: str = "messages", takes_any_role: bool = False
) -> list[dict[str, Any]]:
    """Return `messages` without fields that are null. Raises InvalidRequest that names the field at fault.

    `takes_any_role`: also those that only some models know, such as Granite's `control` and `document`.
    """
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("messages must be a non-empty list", param="messages")
    said = [_said(message, f"messages.{position}", takes_any_role) for position, message in enumerate(messages)]
    if limit := settings.MAX_CONVERSATION_CHARACTERS:
        _check_length(said, limit, from_field)
    return said


def _check_length(messages: list[dict[str, Any]], limit: int, field: str) -> None:
    characters = sum(len(text) for message in messages for text in _texts(message))
    if characters > limit:
        message = f"{field} must not exceed {limit} characters, and has {characters}"
        raise InvalidRequest(message, param=field, code="text_too_long")


def _said(message: Any, path: str, takes_any_role: bool) -> dict[str, Any]:
    """Return a valid message. Typed clients send null for every field that is not set."""
    if not isinstance(message, dict):
        raise InvalidRequest(f"{path} must be an object", param=path)
    role = message.get("role")
    if role not in ROLES and not (takes_any_role and role and isinstance(role, str)):
        raise InvalidRequest(f"{path}.role must be one of {', '.join(ROLES)}", param=f"{path}.role")
    said = {name: value for name, value in message.items() if value is not None or name == "content"}
    content = message.get("content")
    if isinstance(content, list):
        _validate_parts(content, f"{path}.content")
    elif not isinstance(content, str) and not (content is None and role not in _SPEAKING_ROLES):
        raise InvalidRequest(f"{path}.content must be a string or a list of parts", param=f"{path}.content")
    return said


def _validate_parts(parts: list[Any], path: str) -> None:
    """Raise InvalidRequest for what no server takes: vLLM also takes strings, and objects without a type."""
    for position, part in enumerate(parts):
        if isinstance(part, str):
            continue
        if not isinstance(part, dict) or not isinstance(part.get("type"), str | None):
            raise InvalidRequest(f"{path}.{position} must be a string or an object", param=f"{path}.{position}")
        if part.get("type") in ("text", "input_text", "output_text") and not isinstance(part.get("text"), str):
            raise InvalidRequest(f"{path}.{position}.text must be a string", param=f"{path}.{position}.text")


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        texts = (part if isinstance(part, str) else part.get("text") for part in content)
        yield from (text for text in texts if isinstance(text, str))
