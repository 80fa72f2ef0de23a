"""The headers of a request that set its policy: `Cache-Control` (RFC 9111) and the level."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest
from rest_framework.request import Request

from caching.policy import Level, Policy
from speech.exceptions import InvalidRequest


class PolicyHeaders(NamedTuple):
    """All headers that a policy may depend on: a repeated request is known by them."""

    cache_control: str
    level: str


def policy_headers(request: Request | HttpRequest) -> PolicyHeaders:
    meta = request.META
    return PolicyHeaders(meta.get("HTTP_CACHE_CONTROL", ""), meta.get("HTTP_X_OPTIMIZATION_LEVEL", ""))


def policy_from(cache_control: str, level: Level) -> Policy:
    """Return the policy that a `Cache-Control` request header asks for.

    `no-cache`, `no-store`, `max-age=N` and `only-if-cached` (RFC 9111, section 5.2.1); a directive that is unknown
    is ignored, as the RFC demands. Raises InvalidRequest for a `max-age` that is not a number.
    """
    directives = dict(_directive(part) for part in cache_control.split(","))
    no_store = "no-store" in directives
    return Policy(
        level=level,
        read=not no_store and "no-cache" not in directives,
        write=not no_store,
        max_age=_seconds(directives["max-age"]) if "max-age" in directives else None,
        only_if_cached="only-if-cached" in directives,
    )


def _directive(part: str) -> tuple[str, str]:
    name, _, value = part.strip().partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _seconds(value: str) -> int:
    if not (value.isascii() and value.isdecimal()):
        raise InvalidRequest(
            f"Cache-Control: max-age must be a whole number of seconds, not {value!r}", param="Cache-Control"
        )
    # RFC 9111, section 1.2.2: a number too large to be represented counts as 2^31.
    return min(int(value[:12]), 2**31)
