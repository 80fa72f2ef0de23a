"""Fields of a provider's message that must go back to it, in the `encrypted_content` of a reasoning item.

Clients without stored responses send that field back as it is (Codex, and others with `store: false`) and drop fields
that they do not know. Gemini refuses a call without its thought signature, Anthropic one without its thinking blocks.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from speech import strict_json

# No provider's encrypted content begins so.
PREFIX = "chat."

Item = Mapping[str, Any]
Message = dict[str, Any]


def packed(fields: Mapping[str, Any], calls: Mapping[str, Any]) -> str:
    """Return the fields of a message, and those of its calls by id, as one text."""
    data = json.dumps({"fields": fields, "calls": calls}, separators=(",", ":")).encode()
    return PREFIX + base64.urlsafe_b64encode(data).decode()


def is_packed(item: Item) -> bool:
    """Return True for an item that `packed` has filled. No provider can read it."""
    content = item.get("encrypted_content")
    return isinstance(content, str) and content.startswith(PREFIX)


def unpacked(item: Item, message: Message) -> Message:
    """Return the assistant's `message` with the fields packed in `item`; an item that was changed adds nothing."""
    try:
        data = strict_json.parse(base64.urlsafe_b64decode(item["encrypted_content"].removeprefix(PREFIX)))
        fields, extras = dict(data["fields"]), dict(data["calls"])
        calls = [{**call, **extras.get(call["id"], {})} for call in message.get("tool_calls", ())]
    except (binascii.Error, KeyError, TypeError, ValueError):
        return message
    own = {name: value for name, value in fields.items() if name not in ("role", "content", "tool_calls")}
    return {**message, **own, **({"tool_calls": calls} if calls else {})}
