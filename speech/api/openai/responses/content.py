"""Content parts of the Responses API and of chat completions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from speech.exceptions import InvalidRequest

Part = Mapping[str, Any]


def chat_content(content: Any, path: str) -> Any:
    """Return the `content` of a chat message. A single text becomes a string, as chat clients send it."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        raise InvalidRequest(f"{path} must be a string or a list of parts", param=path)
    parts = [_chat_part(part, f"{path}.{position}") for position, part in enumerate(content)]
    if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
        return parts[0]["text"]
    return parts


def refusals_of(content: Any) -> str:
    """Return the refusal of an assistant's message, which chat has beside its content."""
    return "".join(part.get("refusal") or "" for part in content if is_refusal(part))


def is_refusal(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "refusal"


def native_parts(content: Any, path: str) -> list[str]:
    """Name the parts that chat cannot express: files by address, images by file id."""
    if isinstance(content, str) or not isinstance(content, Sequence):
        return []
    return [
        f"{path}.{position}.{name}"
        for position, part in enumerate(content)
        if isinstance(part, Mapping)
        for name in _ONLY_NATIVE.get(str(part.get("type")), ())
        if part.get(name)
    ]


def _chat_part(part: Any, path: str) -> dict[str, Any]:
    if not isinstance(part, Mapping) or not isinstance(part.get("type"), str):
        raise InvalidRequest(f"{path} must be an object with a type", param=path)
    translate = _PARTS.get(part["type"])
    return translate(part, path) if translate else dict(part)


def _text(part: Part, path: str) -> dict[str, Any]:
    if not isinstance(part.get("text"), str):
        raise InvalidRequest(f"{path}.text must be a string", param=f"{path}.text")
    return {"type": "text", "text": part["text"]}


def _image(part: Part, path: str) -> dict[str, Any]:
    if not isinstance(part.get("image_url"), str):
        raise InvalidRequest(f"{path}.image_url must be a string", param=f"{path}.image_url")
    # "auto" is chat's default too.
    detail = {"detail": part["detail"]} if part.get("detail") not in (None, "auto") else {}
    return {"type": "image_url", "image_url": {"url": part["image_url"], **detail}}


def _file(part: Part, path: str) -> dict[str, Any]:
    named = {name: part[name] for name in ("filename", "file_data", "file_id") if part.get(name)}
    if not named.keys() & {"file_data", "file_id"}:
        raise InvalidRequest(f"{path} must have file_data or file_id", param=path)
    return {"type": "file", "file": named}


_PARTS: Mapping[str, Callable[[Part, str], dict[str, Any]]] = {
    "input_text": _text,
    "output_text": _text,
    "input_image": _image,
    "input_file": _file,
}
_ONLY_NATIVE = {"input_file": ("file_url",), "input_image": ("file_id",)}
