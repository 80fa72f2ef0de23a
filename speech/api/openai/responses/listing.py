"""The list of a stored response's input items."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from speech.api.openai.responses.messages import Item, kind_of
from speech.exceptions import InvalidRequest
from speech.models import StoredResponse

DEFAULT_LIMIT, MAX_LIMIT = 20, 100


def listed(stored: StoredResponse, query: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of the input items, the newest first unless `order` is `asc`. Raises InvalidRequest."""
    items = [_item(item, f"msg_{stored.token}i{number:x}") for number, item in enumerate(stored.input)]
    if query.get("order", "desc") != "asc":
        items.reverse()
    if after := query.get("after"):
        items = items[next((at + 1 for at, item in enumerate(items) if item["id"] == after), len(items)) :]
    limit = whole_number(query.get("limit", str(DEFAULT_LIMIT)), "limit")
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequest(f"limit must be 1 to {MAX_LIMIT}", param="limit")
    page = items[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(items) > len(page),
    }


def whole_number(text: str, param: str) -> int:
    """Return the number in a query parameter. Raises InvalidRequest."""
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise InvalidRequest(f"{param} must be a whole number", param=param)
    return int(text)


def _item(item: Item, id: str) -> dict[str, Any]:
    kind = kind_of(item)
    rendered = {"id": id, "status": "completed", **item, "type": kind}
    if kind == "message" and isinstance(item.get("content"), str):
        part = "output_text" if item.get("role") == "assistant" else "input_text"
        rest: dict[str, Any] = {"annotations": []} if part == "output_text" else {}
        rendered["content"] = [{"type": part, "text": item["content"], **rest}]
    return {**rendered, "id": rendered["id"] or id}
