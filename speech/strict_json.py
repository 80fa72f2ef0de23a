"""JSON from strangers: parsed only if it can be written again, hashed and compared."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Mapping
from typing import Any

# Levels of nesting: keys and answers are written by recursion.
MOST_NESTED = 200


def parse(body: bytes | str) -> Any:
    """Return the value of a JSON text, also behind a byte order mark. Raises ValueError that says what is wrong.

    Refused beside what is no JSON: NaN and infinity, also as `1e400`, and more than MOST_NESTED levels.
    """
    try:
        text = body if isinstance(body, str) else body.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"not valid UTF-8 (byte {error.start})") from error
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"not valid JSON: {error}") from error
    if text.count("[") + text.count("{") > MOST_NESTED and _depth(value) > MOST_NESTED:
        raise ValueError("nested too deeply")
    return value


Shape = type | tuple[type, ...] | Mapping[str, "Shape"] | list["Shape"]
"""Types of a value, of the fields of an object, or of the items of a list."""


def misfit(value: Any, shape: Shape, path: str = "") -> str:
    """Return the path of the first part of `value` that is not of `shape`, or "". Null and absent fit everywhere."""
    if value is None:
        return ""
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            return path
        parts = ((shape[name], item, f"{path}.{name}") for name, item in value.items() if name in shape)
    elif isinstance(shape, list):
        if not isinstance(value, list) or None in value:
            return path
        parts = ((shape[0], item, f"{path}.{position}") for position, item in enumerate(value))
    else:
        return "" if isinstance(value, shape) else path
    return next(filter(None, (misfit(item, inner, place) for inner, item, place in parts)), "")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [item for each in level for item in (each.values() if isinstance(each, dict) else each)]
    return depth
