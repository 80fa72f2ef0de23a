"""Validation of OpenAI messages. Fields not named here pass through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from speech.exceptions import InvalidRequest

ROLES = ("system", "developer", "user", "assistant", "tool", "function")


def validate_messages(messages: Any) -> list[dict[str, Any]]:
    """Return `messages` unchanged. Raises InvalidRequest that names the field at fault."""
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("messages must be a non-empty list", param="messages")
    for position, message in enumerate(messages):
        _validate_message(message, f"messages.{position}")
    if messages[-1]["role"] in ("system", "developer"):
        raise InvalidRequest("the last message must not have the role system or developer", param="messages")
    characters = sum(len(text) for message in messages for text in _texts(message))
    if characters > settings.MAX_TEXT_CHARACTERS:
        raise InvalidRequest(
            f"messages contain {characters} characters, exceeding the limit of {settings.MAX_TEXT_CHARACTERS}",
            param="messages",
            code="text_too_long",
        )
    return messages


def _validate_message(message: Any, path: str) -> None:
    if not isinstance(message, dict):
        raise InvalidRequest(f"{path} must be an object", param=path)
    role = message.get("role")
    if role not in ROLES:
        raise InvalidRequest(f"{path}.role must be one of {', '.join(ROLES)}", param=f"{path}.role")
    content = message.get("content")
    if content is None and role == "assistant" and (message.get("tool_calls") or message.get("function_call")):
        return
    if not isinstance(content, str | list):
        raise InvalidRequest(f"{path}.content must be a string or a list of parts", param=f"{path}.content")
    if isinstance(content, list):
        _validate_parts(content, f"{path}.content")
    elif role == "user" and not content.strip():
        raise InvalidRequest(f"{path}.content must not be blank", param=f"{path}.content", code="blank")


def _validate_parts(parts: list[Any], path: str) -> None:
    if not parts:
        raise InvalidRequest(f"{path} must contain at least one part", param=path, code="blank")
    for position, part in enumerate(parts):
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise InvalidRequest(f"{path}.{position} must be an object with a type", param=f"{path}.{position}")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise InvalidRequest(f"{path}.{position}.text must be a string", param=f"{path}.{position}.text")


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (part["text"] for part in content if isinstance(part.get("text"), str))
