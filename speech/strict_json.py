"""Request bodies: JSON, and nothing in it that a database, a header or a provider chokes on."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.exceptions import ParseError


def parse_json(body: bytes) -> Any:
    """The value of a JSON text. Raises ParseError that says what is wrong and where."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not valid UTF-8 (byte {error.start}).") from error
    except RecursionError as error:
        raise ParseError("The JSON body is nested too deeply.") from error
    except ValueError as error:
        raise ParseError(f"The body is not valid JSON: {error}") from error
    if _may_hold_forbidden(body):
        _refuse_forbidden(value)
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _may_hold_forbidden(body: bytes) -> bool:
    # Raw NUL and surrogates are not valid JSON or UTF-8, so only their escapes can get here.
    lowered = body.lower()
    return b"\\u0000" in lowered or b"\\ud" in lowered


def _refuse_forbidden(value: Any, path: str = "") -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise ParseError(f"{path or 'The body'} contains a NUL character.")
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ParseError(f"{path or 'The body'} contains a lone surrogate, which is not a character.")
    elif isinstance(value, dict):
        for name, item in value.items():
            _refuse_forbidden(name, "A field name")
            _refuse_forbidden(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _refuse_forbidden(item, f"{path}.{position}" if path else str(position))
