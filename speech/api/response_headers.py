"""Response headers: provider, cache status (RFC 9211), cost."""

from __future__ import annotations

import logging
import re
import string
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from django.http import HttpResponse
from django.http.response import HttpResponseBase, ResponseHeaders

from caching.ledger import Costs
from caching.result import CacheResult
from speech import accounting, providers
from speech.budgets import budgets_of
from speech.models import Client
from speech.privacy.disclosure import hides
from speech.providers._shared import validation

logger = logging.getLogger(__name__)

ResponseT = TypeVar("ResponseT", bound=HttpResponseBase)

_PRINTABLE = string.punctuation.replace("%", "") + " "


class PlainHeaders(ResponseHeaders):
    """ResponseHeaders for printable ASCII.

    Bypassed (Django 5.2): the encoding of each name and value, and a look-up by name for each header that is sent. That
    is a sixth of the calls of a hit. speech/tests/api/test_response_headers.py notices an upgrade.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._store = {name.lower(): (name, value) for name, value in fields.items()}

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(value, str) and _is_plain(name) and _is_plain(value):
            self._store[name.lower()] = (name, value)
        else:
            super().__setitem__(name, value)

    def items(self) -> Any:
        return self._store.values()


def whole_response(content: bytes, content_type: str, fields: Mapping[str, str]) -> HttpResponse:
    return with_headers(HttpResponse(content, content_type=content_type), fields)


def with_headers(response: ResponseT, fields: Mapping[str, str]) -> ResponseT:
    """Add `fields` to the headers of a new response; names and values must be strings."""
    fields = {"Content-Type": response.headers["Content-Type"], **fields}
    is_plain = _is_plain("".join([*fields, *fields.values()]))
    response.headers = PlainHeaders(fields) if is_plain else ResponseHeaders(fields)
    return response


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


class ServiceResult(Protocol):
    """Result of a service."""

    @property
    def cache(self) -> CacheResult[Any]: ...
    @property
    def costs(self) -> Costs | None: ...
    @property
    def provider(self) -> str: ...


def of_successor(asked: str, provider: str, voice: str) -> dict[str, str]:
    """Return the header that names `voice` if it speaks for one that the provider has retired, and log it."""
    if not (asked and validation.successor_of(providers.get(provider), asked)):
        return {}
    logger.warning("%s has retired the voice %s: %s speaks for it", provider, asked[:40], voice)
    return {"X-Voice-Successor": voice}


def headers(client: Client, result: ServiceResult) -> dict[str, str]:
    """Return provider, cache status and cost, as far as `client` may see them."""
    told = {"X-Provider": result.provider}
    if hides(client):
        return told
    told |= cache_headers(result.cache) | accounting.headers(result.costs)
    return told | budget_warning(client) if client.has_budget else told


def budget_warning(client: Client) -> dict[str, str]:
    """Return the header that names budgets of which at least WARNING_SHARE is spent, as `daily 83%, monthly 91%`."""
    low = [str(budget) for budget in budgets_of(client) if budget.is_low]
    return {"X-Budget-Warning": ", ".join(low)} if low else {}


def cache_headers(result: CacheResult[Any]) -> dict[str, str]:
    """Return `X-Cache`, `Cache-Status` and, on a hit, `Age` and `X-Cache-Match` and the score of a semantic match."""
    fields = {"X-Cache": result.status.upper(), "Cache-Status": cache_status(result)}
    if result.status == "hit":
        fields["Age"] = str(result.age)
        fields["X-Cache-Match"] = result.match
    if result.matched:
        fields["X-Cache-Similarity"] = f"{result.matched.similarity:.4f}"
        fields["X-Cache-Probability"] = f"{result.matched.probability:.4f}"
    return fields


def cache_status(result: CacheResult[Any]) -> str:
    """Return the value of `Cache-Status` (RFC 9211); its detail names the limit or the cache rule that applies."""
    detail = result.not_stored or result.rule
    return _status(result) + (f"; detail={_quoted(detail)}" if detail else "")


def _status(result: CacheResult[Any]) -> str:
    if result.stale:
        # Section 2.2: asked for and not got; a negative ttl says how long it has been stale (section 2.3).
        return f"speechsite; fwd=stale; ttl={result.ttl}"
    if result.status == "hit":
        return f"speechsite; hit; ttl={max(0, result.ttl)}"
    missed = "partial" if result.partial else "uri-miss"
    forwarded = missed if result.status == "miss" else "bypass"
    collapsed = "; collapsed" if result.collapsed else ""
    return f"speechsite; fwd={forwarded}{collapsed}" + (f"; stored; ttl={result.ttl}" if result.stored else "")


def _quoted(text: str) -> str:
    """Return a String of RFC 8941 (section 3.3.3), which is ASCII: other characters are percent-encoded."""
    return '"' + re.sub(r'["\\]', r"\\\g<0>", quote(text, safe=_PRINTABLE)) + '"'
