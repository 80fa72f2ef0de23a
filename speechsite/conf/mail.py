"""Django's settings of mail, from one address of a server."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from speechsite.conf.credentials import encoded

# Scheme: port, STARTTLS, TLS from the start.
_SCHEMES = {"smtp": (25, False, False), "smtp+tls": (587, True, False), "smtps": (465, False, True)}


class MailServer(NamedTuple):
    host: str
    port: int
    user: str
    password: str
    use_tls: bool
    use_ssl: bool


def server(name: str, url: str) -> MailServer:
    """Parse `smtp+tls://user:password@host:587`. An empty one is no server."""
    if not url:
        return MailServer("", 25, "", "", use_tls=False, use_ssl=False)
    found = urlsplit(encoded(url))
    try:
        port, tls, ssl = _SCHEMES[found.scheme]
        port = found.port or port
    except (KeyError, ValueError):
        port, tls, ssl = 0, False, False
    if not port or not found.hostname:
        # Not the value: it may hold a password.
        raise ImproperlyConfigured(f"{name} must look like smtp+tls://user:password@host:587 (or smtp://, smtps://)")
    login = (unquote(found.username or ""), unquote(found.password or ""))
    return MailServer(found.hostname, port, *login, use_tls=tls, use_ssl=ssl)
