"""Requests that no endpoint of the API takes, whatever their fields are."""

from __future__ import annotations

from typing import Any, NamedTuple

JSON = "application/json"


class BadBody(NamedTuple):
    body: bytes
    content_type: str
    status: int
    code: str


BAD_BODIES = [
    BadBody(b'{"text": ', JSON, 400, "parse_error"),
    BadBody(b'{"text": NaN}', JSON, 400, "parse_error"),
    BadBody(b'{"text": "\xff"}', JSON, 400, "parse_error"),
    BadBody(rb'{"text": "\ud83d", "query": "\ud83d"}', JSON, 400, "parse_error"),
    BadBody(b"[" * 100_000, JSON, 400, "parse_error"),
    BadBody(b'{"stop": ' + b"[" * 300 + b"]" * 300 + b"}", JSON, 400, "parse_error"),
    BadBody(b'{"logit_bias": {"1": 1e400}}', JSON, 400, "parse_error"),
    BadBody(b"[]", JSON, 400, "invalid"),
    BadBody(b'"text"', JSON, 400, "invalid"),
    BadBody(b'{"text": "%s"}' % (b"x" * 20_971_520), JSON, 413, "payload_too_large"),
    BadBody(b"text=Hello&query=Hello", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    BadBody(b"Hello", "text/plain", 415, "unsupported_media_type"),
]


def error_of(response: Any, *details: str) -> dict[str, Any]:
    """The documented error of a response, whole: nothing less, and nothing more but `details` of a provider's."""
    body = response.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) - {"metadata", *details} == {"message", "type", "param", "code"}
    assert error["message"] and error["type"] and error["code"]
    return error
