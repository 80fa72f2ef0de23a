"""Merge the deltas of one field, known or not."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

# Says what becomes of two different strings of one field: `text` and `audio` join them where the name is a text's,
# `fact` refuses them, `state` keeps the last one. In all of them objects are merged and lists extended.
Rule = Literal["text", "audio", "fact", "state"]

_TEXTS = frozenset({
    "arguments", "content", "input", "output", "reasoning", "refusal", "summary", "text", "thinking", "thought",
    "thoughts", "transcript",
})  # fmt: skip
# Fields whose value holds texts in pieces. LiteLLM repeats those of other providers in `provider_specific_fields`.
HOLDERS_OF_TEXTS = frozenset({"reasoning_details", "thinking_blocks", "provider_specific_fields"})
# A pair of surrogates, which in a str is two characters; one of them may be left alone where a stream was cut.
_CUT_CHARACTER = re.compile("[\ud800-\udbff][\udc00-\udfff]")
# Base64 up to its padding.
_PADDED = re.compile("[^=]+=*")


class Unassembled(ValueError):
    """The deltas of a stream contradict each other, so the answer that they add up to is unknown."""


def joined_text(pieces: Iterable[str]) -> str:
    """Join texts. Halves of a character that came in two pieces are one character again."""
    text = "".join(pieces)
    if text.isascii() or not _CUT_CHARACTER.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def joined_base64(pieces: Iterable[str]) -> str:
    """Join base64, of which any piece may end in padding. Raises Unassembled if one that does is none."""
    text = "".join(pieces)
    if "=" not in text[:-2]:
        return text
    try:
        return base64.b64encode(b"".join(map(base64.b64decode, _PADDED.findall(text)))).decode()
    except binascii.Error as error:
        raise Unassembled("data is not base64") from error


def complete_characters(text: str) -> str:
    """Return `text` without the first half of a character at its end."""
    return text[:-1] if "\ud800" <= text[-1:] <= "\udbff" else text


@lru_cache(256)
def is_text(name: str) -> bool:
    """Return True if strings of this field are pieces of one text: `content`, `reasoning_content`, …"""
    return name in HOLDERS_OF_TEXTS or name.rpartition("_")[2] in _TEXTS


def rule_of(name: str) -> Rule:
    """Return the rule for a field of a message."""
    return "audio" if name == "audio" else "text" if is_text(name) else "fact"


def merged(name: str, old: Any, new: Any, rule: Rule) -> Any:
    """Return the value of a field after the delta `new`. Changes `old`, never `new`. Raises Unassembled."""
    if new is None:
        return old
    if old is None:
        return copied(new)
    if isinstance(old, str) and isinstance(new, str):
        return _merged_strings(name, old, new, rule)
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in new.items():
            old[key] = merged(key, old.get(key), value, rule)
        return old
    if isinstance(old, list) and isinstance(new, list):
        return _merged_lists(old, new, rule)
    if isinstance(old, int | float) and isinstance(new, int | float):
        return new
    if rule == "text" and isinstance(old, str | list) and isinstance(new, str | list):
        # Mistral sends its reasoning as parts and the answer as strings.
        return _merged_lists(_parts(old), _parts(new), rule)
    if rule == "state":
        return copied(new)
    raise Unassembled(f"{name} is of two types")


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def _merged_strings(name: str, old: str, new: str, rule: Rule) -> str:
    if rule in ("text", "audio") and is_text(name):
        return joined_text((old, new))
    if not new or old == new:
        return old
    if not old or rule == "state":
        return new
    raise Unassembled(f"{name} has two values")


def _merged_lists(old: list[Any], new: list[Any], rule: Rule) -> list[Any]:
    """Extend `old` by the items that are neither more of an item, nor one that has been sent before.

    Perplexity repeats its citations in each chunk. Numbers, such as vLLM's `token_ids`, are never repetitions.
    """
    known = old[:]
    for position, item in enumerate(new):
        target = _continued(known, item, rule, is_first=position == 0) if isinstance(item, dict) else None
        if target is not None:
            merged("", target, item, rule)
        elif isinstance(item, int | float) or item not in known:
            old.append(copied(item))
    return old


def _continued(known: list[Any], item: dict[str, Any], rule: Rule, *, is_first: bool) -> dict[str, Any] | None:
    """Return the object that `item` is a part of: the one with its index, or a text that is not complete."""
    index = item.get("index")
    if isinstance(index, int):
        same = (each for each in reversed(known) if isinstance(each, dict) and each.get("index") == index)
        target = next(same, None)
    else:
        target = known[-1] if known and is_first and rule == "text" and _is_open_text(known[-1]) else None
    return target if target is not None and _agree(target, item, rule) else None


def _is_open_text(part: Any) -> bool:
    """Return True for a part with text. A signature is the last thing that is sent of Anthropic's thinking."""
    return isinstance(part, dict) and any(map(is_text, part)) and "index" not in part and not part.get("signature")


def _agree(old: Any, new: Any, rule: Rule) -> bool:
    """Return True if two objects can be the same: no value that is not a text differs."""
    for key in old.keys() & new.keys():
        first, second = old[key], new[key]
        if first in (None, "") or second in (None, "") or first == second or (rule == "text" and is_text(key)):
            continue
        if not (isinstance(first, dict) and isinstance(second, dict) and _agree(first, second, rule)):
            return False
    return True


def _parts(content: str | list[Any]) -> list[Any]:
    """Return content as a list of parts."""
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []
