"""Reading, parsing and validation of request bodies.

Bypassed: parsing and validation of a body that was read a moment ago. That is 29 % of the calls of a hit
(docs/performance.md). Bodies and their plans are kept in memory only, for FORGET_SECONDS at most, and not at all if the
client or the request forbids to store; speech/tests/api/test_request_body.py notices a change of either.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.core.signals import setting_changed
from django.http import HttpRequest
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request

from caching.background import PeriodicWorker
from speech import strict_json
from speech.api.body_stream import LARGE_BYTES, BodyStream, place_for_large_body

T_co = TypeVar("T_co", covariant=True)

REMEMBERED_BODIES = 4096
LARGEST_REMEMBERED_BYTES = 8192
# `manage.py forget` waits so long before it says that a client is forgotten.
FORGET_SECONDS = 5.0


class CallSerializer(Protocol[T_co]):
    """A DRF serializer that returns its validated data as a small immutable object."""

    def __init__(self, *, data: Any) -> None: ...
    def is_valid(self, *, raise_exception: bool) -> bool: ...
    def to_call(self) -> T_co: ...


def read_call(serializer: type[CallSerializer[T_co]], request: Request | HttpRequest, limit: int = 0) -> T_co:
    """Return the validated body of `request`. Raises DRF's errors and our own."""
    with ExitStack() as held:
        return call_in(body_of(request, held, limit), serializer, remember=False)


def body_of(request: Request | HttpRequest, held: ExitStack, limit: int = 0) -> bytes:
    """Return the whole body, of at most `limit` bytes, by default MAX_BODY_BYTES. Raises as the next two do."""
    limit = limit or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = short_body_of(request, limit)
    return long_body_of(request, held, limit) if body is None else body


def short_body_of(request: Request | HttpRequest, limit: int) -> bytes | None:
    """Return a body that comes short, plain and with its length; None for any other.

    Raises UnsupportedMediaType unless it is declared as JSON.
    """
    meta = request.META
    content_type: str = meta.get("CONTENT_TYPE", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        sent = f"not {content_type[:100]}" if content_type else "which is missing"
        raise UnsupportedMediaType(content_type, f"Send Content-Type: application/json, {sent}.")
    if "HTTP_CONTENT_ENCODING" in meta or int(meta.get("CONTENT_LENGTH") or 0) > min(limit, LARGE_BYTES):
        return None
    body: bytes = request.read()
    return body


def long_body_of(request: Request | HttpRequest, held: ExitStack, limit: int) -> bytes:
    """Return any body of at most `limit` bytes. `held` then has a place among the large ones if this is one.

    Raises PayloadTooLarge, ServerBusy, UnsupportedEncoding and ParseError.
    """
    stream = BodyStream(request, request.META, limit)
    body = stream.read(LARGE_BYTES)
    if len(body) == LARGE_BYTES:
        held.enter_context(place_for_large_body(request.user.pk))
        body += stream.read()
    return body


def call_in(body: bytes, serializer: type[CallSerializer[T_co]], *, remember: bool) -> T_co:
    """Return the call that `serializer` finds in `body`; `remember`: keep it for the next request with this body."""
    if not remember or len(body) > LARGEST_REMEMBERED_BYTES:
        return _read(serializer, body)
    _forgetting.start()
    return _read_and_remember(serializer, body)


def _read(serializer: type[CallSerializer[Any]], body: bytes) -> Any:
    asked = serializer(data=parse_json(body))
    asked.is_valid(raise_exception=True)
    return asked.to_call()


_read_and_remember = lru_cache(REMEMBERED_BODIES)(_read)


def forget(**kwargs: Any) -> None:
    """Drop all bodies."""
    _read_and_remember.cache_clear()


_forgetting = PeriodicWorker("request-bodies", forget, FORGET_SECONDS)
setting_changed.connect(forget)


def parse_json(body: bytes, field: str = "") -> Any:
    """Return the value of a JSON text: the body, or a field of a form. Raises ParseError with what is wrong."""
    try:
        value = strict_json.parse(body)
    except ValueError as error:
        raise ParseError({field: [f"Is {error}."]} if field else f"The body is {error}.") from error
    if _may_hold_forbidden(body):
        _refuse_forbidden(value)
    return value


def _may_hold_forbidden(body: bytes) -> bool:
    # Raw NUL and surrogates are not valid JSON or UTF-8, so only their escapes can get here.
    lowered = body.lower()
    return b"\\u0000" in lowered or b"\\ud" in lowered


def _refuse_forbidden(value: Any, path: str = "") -> None:
    if isinstance(value, str):
        if problem := _problem_of(value):
            raise ParseError({path: [f"Contains {problem}."]} if path else f"The body contains {problem}.")
    elif isinstance(value, dict):
        for name, item in value.items():
            place = f"{path}.{name}" if path else name
            if problem := _problem_of(name):
                shown = place.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
                raise ParseError({shown: [f"The name contains {problem}."]})
            _refuse_forbidden(item, place)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _refuse_forbidden(item, f"{path}.{position}" if path else str(position))


def _problem_of(text: str) -> str:
    if "\x00" in text:
        return "a NUL character"
    lone = any("\ud800" <= letter <= "\udfff" for letter in text)
    return "a lone surrogate, which is not a character" if lone else ""
