"""Reading `REDIS_URL`. Pure functions: settings use them before Django is set up."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from django.core.exceptions import ImproperlyConfigured

# The last `@` ends the credentials, because generated passwords often contain `@`, `#`, `/` or `$` as they are.
_URL = re.compile(
    r"(?P<scheme>rediss?)://(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?"
    r"(?P<host>\[[0-9a-fA-F:]+\]|[^@:/?#\[\]]+)(?::(?P<port>\d+))?(?:/(?P<db>\d*))?(?P<query>\?[^#]*)?"
)


class BadRedisURL(ImproperlyConfigured):
    """`REDIS_URL` is none of the documented forms. The message never repeats the password."""


def normalize_redis_url(url: str) -> str:
    """Return `url` with its credentials percent-encoded, so that every client library reads it the same way.

    An empty string stays empty: it means that caching is off. Raises BadRedisURL.
    """
    if not url:
        return ""
    match = _URL.fullmatch(url)
    if not match:
        raise BadRedisURL(
            "REDIS_URL must look like redis://host:6379/0, redis://:password@host:6379/0, "
            f"redis://user:password@host:6379/0 or rediss://… for TLS; got {mask_password(url)}"
        )
    user, password = (_encode(match[part] or "") for part in ("user", "password"))
    credentials = f"{user}:{password}@" if password else f"{user}@" if user else ""
    return (
        f"{match['scheme']}://{credentials}{match['host']}:{match['port'] or 6379}"
        f"/{match['db'] or 0}{match['query'] or ''}"
    )


def mask_password(url: str) -> str:
    """`rediss://user:secret@host:1/0` as `rediss://user:***@host:1/0`; anything else as it is."""
    masked = re.sub(r"(?<=://)([^:@/]*):.*@", r"\1:***@", url, flags=re.DOTALL)
    return re.sub(r"([?&](?:password|username)=)[^&#]*", r"\1***", masked)


def _encode(text: str) -> str:
    return quote(unquote(text), safe="")
