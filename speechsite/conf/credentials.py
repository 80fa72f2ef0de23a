from __future__ import annotations

import re
from urllib.parse import quote, unquote

# Generated passwords often contain `@`, `#`, `/` or `?` as they are, so the last `@` ends the credentials, unless it is
# in the query, after `@host/name?option=`.
_REST = r"[^@/?#]*/[^@/?#]*\?\w+=.*|[^@]+"
_URL = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<user>[^:/]*):(?P<password>.*?)@(?P<rest>{_REST})", re.DOTALL)


def encoded(url: str) -> str:
    """Return `url` with percent-encoded credentials; those that are encoded already stay as they are."""
    match = _URL.fullmatch(url)
    if not match:
        return url
    user, password = (quote(unquote(match[part]), safe="") for part in ("user", "password"))
    return f"{match['scheme']}{user}:{password}@{match['rest']}"
