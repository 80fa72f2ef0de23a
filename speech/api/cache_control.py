"""The `Cache-Control` header of requests (RFC 9111)."""

from __future__ import annotations

from caching.policy import Level, Policy
from speech.exceptions import InvalidRequest


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
