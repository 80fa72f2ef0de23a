"""JSON from strangers: parsed only if it can be written again, hashed and compared."""

from __future__ import annotations

import codecs
import json
import math
from typing import Any

# Levels of nesting: keys and answers are written by recursion.
MAX_NESTED = 200


def parse(body: bytes | str) -> Any:
    """Return the value of a JSON text, also after a byte order mark. Raises ValueError that says what is wrong.

    Refused beside what is no JSON: NaN and infinity, also as `1e400`, and more than MAX_NESTED levels.
    """
    try:
        text = body if isinstance(body, str) else body.removeprefix(codecs.BOM_UTF8).decode()
        if text is body and not text.isascii():
            text.encode()
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise ValueError(f"not valid UTF-8 (byte {error.start})") from error
    try:
        value = _decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"not valid JSON: {error}") from error
    if text.count("[") + text.count("{") > MAX_NESTED and _depth(value) > MAX_NESTED:
        raise ValueError("nested too deeply")
    return value


# Types of a value, of the fields of an object, or of the items of a list.
Shape = type | tuple[type, ...] | dict[str, "Shape"] | list["Shape"]


def misfit(value: Any, shape: Shape) -> str:
    """Return the path of the first part of `value` that is not of `shape`, or "". Null and absent fit everywhere."""
    return _misfit(value, shape) or ""


def _misfit(value: Any, shape: Shape) -> str | None:
    # Every chunk of a stream comes here, so a path is built for a misfit only.
    if value is None:
        return None
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return ""
        for name, item in value.items():
            inner = shape.get(name)
            if inner is None or item is None or item.__class__ is inner:
                continue
            if (place := _misfit(item, inner)) is not None:
                return f".{name}{place}"
        return None
    if isinstance(shape, list):
        if not isinstance(value, list) or None in value:
            return ""
        for position, item in enumerate(value):
            if (place := _misfit(item, shape[0])) is not None:
                return f".{position}{place}"
        return None
    return None if isinstance(value, shape) else ""


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


# Made once: json.loads makes one for each text if it has hooks.
_decode = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite).decode


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [item for each in level for item in (each.values() if isinstance(each, dict) else each)]
    return depth
