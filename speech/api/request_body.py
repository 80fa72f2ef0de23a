"""Parse, validate and plan a repeated request once.

Bypassed: parsing, validation and planning of a request that came a moment ago. That is 42 % of the calls of a hit
(docs/performance.md). Bodies and what follows from them are kept in memory only, for kept_seconds.BODIES at most, and
not at all if the client, the request or a cache rule forbids to store. speech/tests/api/test_request_body.py notices a
change of either.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import ExitStack
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from django.conf import settings
from django.core.signals import setting_changed
from django.http import HttpRequest
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request

from caching.background import PeriodicWorker
from caching.database.tables import generation
from speech import strict_json
from speech.api.authentication import client_of
from speech.api.body_stream import LARGE_BYTES, BodyStream, place_for_large_body
from speech.api.cache_control import policy_headers
from speech.models import Client
from speech.privacy import kept_seconds

T_co = TypeVar("T_co", covariant=True)

REMEMBERED_REQUESTS = 4096
LARGEST_REMEMBERED_BYTES = 8192


class CallSerializer(Protocol[T_co]):
    """A DRF serializer that returns its validated data as a small immutable object."""

    takes_nul: ClassVar[bool]
    """Texts may hold NUL characters, as a tool's result may: every other endpoint speaks or stores its texts."""

    def __init__(self, *, data: Any) -> None: ...
    def is_valid(self, *, raise_exception: bool) -> bool: ...
    def to_call(self) -> T_co: ...


def read_call(serializer: type[CallSerializer[T_co]], request: Request | HttpRequest, limit: int = 0) -> T_co:
    """Return the validated body of `request`. Raises DRF's errors and our own."""
    with ExitStack() as held:
        return call_in(body_of(request, held, limit), serializer)


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


def call_in(body: bytes, serializer: type[CallSerializer[T_co]]) -> T_co:
    """Return the call that `serializer` finds in `body`."""
    asked = serializer(data=parse_json(body, takes_nul=serializer.takes_nul))
    asked.is_valid(raise_exception=True)
    return asked.to_call()


class Plan(Protocol):
    @property
    def may_store(self) -> bool:
        """The client, the request and the cache rule that applies allow to store."""


class PlannedRequest(NamedTuple):
    call: Any
    plan: Any
    client: Client
    tables: object
    """The generation of the tables by which it was planned."""


def planned(
    request: HttpRequest, body: bytes, serializer: type[CallSerializer[Any]], plan: Callable[[Any], Plan | None]
) -> PlannedRequest:
    """Return the call in `body` and the plan for it, made again once the client or a table of staff is read again.

    A plan may depend on its call, the client, `Cache-Control`, `X-Optimization-Level`, settings and the tables of
    staff, on nothing else. A request without a plan is not kept: no cache rule has been looked up for it.
    """
    client, tables = client_of(request), generation()
    # By identity: two API keys of one client have two Client objects. The entry holds the client, so its id is not
    # reused.
    key = (serializer, body, id(client), policy_headers(request))
    known = _planned.get(key)
    if known and known.client is client and known.tables is tables:
        return known
    call = call_in(body, serializer)
    new = PlannedRequest(call, plan(call), client, tables)
    if len(body) <= LARGEST_REMEMBERED_BYTES and new.plan and new.plan.may_store:
        if len(_planned) >= REMEMBERED_REQUESTS:
            _planned.clear()
        _planned[key] = new
        _forgetting.start()
    return new


def may_be_stored(request: HttpRequest) -> bool:
    """Return True unless the client or the request forbids to store anything of it."""
    return not client_of(request).never_store and "no-store" not in request.META.get("HTTP_CACHE_CONTROL", "").lower()


_planned: dict[Hashable, PlannedRequest] = {}


def forget(**kwargs: Any) -> None:
    """Drop all planned requests."""
    _planned.clear()


_forgetting = PeriodicWorker("request-bodies", forget, kept_seconds.BODIES)
setting_changed.connect(forget)


def parse_json(body: bytes, field: str = "", *, takes_nul: bool = False) -> Any:
    """Return the value of a JSON text: the body, or a field of a form. Raises ParseError with what is wrong."""
    try:
        value = strict_json.parse(body)
    except ValueError as error:
        raise ParseError({field: [f"Is {error}."]} if field else f"The body is {error}.") from error
    if _may_hold_forbidden(body):
        _refuse_forbidden(value, takes_nul=takes_nul)
    return value


def _may_hold_forbidden(body: bytes) -> bool:
    # Raw NUL and surrogates are not valid JSON or UTF-8, so only their escapes can get here.
    lowered = body.lower()
    return b"\\u0000" in lowered or b"\\ud" in lowered


def _refuse_forbidden(value: Any, path: str = "", *, takes_nul: bool) -> None:
    if isinstance(value, str):
        if problem := _problem_of(value, takes_nul=takes_nul):
            raise ParseError({path: [f"Contains {problem}."]} if path else f"The body contains {problem}.")
    elif isinstance(value, dict):
        for name, item in value.items():
            place = f"{path}.{name}" if path else name
            if problem := _problem_of(name):
                shown = place.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
                raise ParseError({shown: [f"The name contains {problem}."]})
            _refuse_forbidden(item, place, takes_nul=takes_nul)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _refuse_forbidden(item, f"{path}.{position}" if path else str(position), takes_nul=takes_nul)


def _problem_of(text: str, *, takes_nul: bool = False) -> str:
    if "\x00" in text and not takes_nul:
        return "a NUL character"
    lone = any("\ud800" <= letter <= "\udfff" for letter in text)
    return "a lone surrogate, which is not a character" if lone else ""
