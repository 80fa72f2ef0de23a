"""Short form of an entry's fields, in which Redis holds them. Everywhere else they are in full, also in exports and the
audio archive.

Versions of the gateway that cannot read it find a version of an entry that they do not know, and leave it alone.
"""

from __future__ import annotations

from typing import Any

from caching.redis.serializers import Unreadable

# Added to the version of the full form (0 for none).
SHORT = 10
# Left out. It belongs to the format: do not change it with the default of a request.
USUAL_LEVEL = "balanced"
_TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens")


def shortened(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the short form of an entry, and any other object as it is."""
    version = fields.get("v", 0)
    if type(version) is not int or not {"key", "level"} <= fields.keys():
        return fields
    short = {**fields, "v": version + SHORT}
    if short["level"] == USUAL_LEVEL:
        del short["level"]
    if "digests" in short:
        short["key"] = f"{short['key']}.{short.pop('digests')}"
    if counted := _counted(short.get("usage")):
        short["usage"] = counted
    match short.get("billed"):
        case {"characters": int(characters), **others} if not others:
            short["billed"] = characters
    return short


def complete(fields: dict[str, Any]) -> None:
    """Bring what Redis holds of an entry into its full form, in place. Raises Unreadable."""
    version = fields.get("v")
    if type(version) is not int or version < SHORT or "key" not in fields:
        return
    try:
        if version > SHORT:
            fields["v"] = version - SHORT
        else:
            del fields["v"]
        fields.setdefault("level", USUAL_LEVEL)
        fields["key"], _, digests = fields["key"].partition(".")
        if digests:
            fields["digests"] = digests
        if isinstance(usage := fields.get("usage"), list):
            fields["usage"] = _usage_of(*usage)
        if isinstance(characters := fields.get("billed"), int):
            fields["billed"] = {"characters": characters}
    except (AttributeError, TypeError, ValueError) as error:
        raise Unreadable("not the short form of an entry") from error


def _counted(usage: Any) -> list[Any] | None:
    """Return OpenAI's `usage` as a list of its two counts, and an object of all else unless that is empty.

    None if the counts are not all there, or their total is not their sum.
    """
    if not isinstance(usage, dict):
        return None
    counts: list[Any] = [usage.get(name) for name in _TOKENS]
    asked, answered, total = counts
    if any(type(count) is not int for count in counts) or asked + answered != total:
        return None
    others = {name: value for name, value in usage.items() if name not in _TOKENS}
    return [asked, answered, *([others] if others else [])]


def _usage_of(asked: int, answered: int, others: dict[str, Any] | None = None) -> dict[str, Any]:
    usage = {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}
    return usage | others if others else usage
