"""Cache headers: `Cache-Control` of requests (RFC 9111), `Cache-Status` and others of responses (RFC 9211)."""

from __future__ import annotations

import re
import string
from typing import Any
from urllib.parse import quote

from caching.policy import Level, Policy
from caching.result import CacheResult
from speech.exceptions import InvalidRequest

_PRINTABLE = string.punctuation.replace("%", "") + " "


def policy_from(cache_control: str, level: Level) -> Policy:
    """Return the policy that a `Cache-Control` request header asks for.

    `no-cache`, `no-store`, `max-age=N` and `only-if-cached` (RFC 9111, section 5.2.1); a directive that is unknown
    is ignored, as the RFC demands. Raises InvalidRequest for a `max-age` that is not a number.
    """
    directives = dict(_directive(part) for part in cache_control.split(",") if part.strip())
    no_store = "no-store" in directives
    return Policy(
        level=level,
        read=not no_store and "no-cache" not in directives,
        write=not no_store,
        max_age=_seconds(directives["max-age"]) if "max-age" in directives else None,
        only_if_cached="only-if-cached" in directives,
    )


def headers(result: CacheResult[Any]) -> dict[str, str]:
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
    """Return the value of `Cache-Status` (RFC 9211); its detail names the cache rule that applies."""
    return _status(result) + (f"; detail={_quoted(result.rule)}" if result.rule else "")


def _status(result: CacheResult[Any]) -> str:
    if result.stale:
        # Section 2.2: asked for and not got; a negative ttl says how long it has been stale (section 2.3).
        return f"speechsite; fwd=stale; ttl={result.ttl}"
    if result.status == "hit":
        return f"speechsite; hit; ttl={max(0, result.ttl)}"
    forwarded = "uri-miss" if result.status == "miss" else "bypass"
    collapsed = "; collapsed" if result.collapsed else ""
    return f"speechsite; fwd={forwarded}{collapsed}" + (f"; stored; ttl={result.ttl}" if result.stored else "")


def _quoted(text: str) -> str:
    """As a String of RFC 8941, section 3.3.3, which is ASCII: other characters are percent-encoded."""
    return '"' + re.sub(r'["\\]', r"\\\g<0>", quote(text, safe=_PRINTABLE)) + '"'


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
