"""The address of a visitor, also behind proxies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings

REMEMBERED_ADDRESSES = 1024
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# With a port, as some proxies write it.
_WITH_PORT = re.compile(r"\[(.*)\](?::\d+)?|([\d.]+):\d+")


def network_of(environ: Mapping[str, Any]) -> str:
    """Return the address of the visitor, or the /64 network of an IPv6 address: one host has all of them.

    X-Forwarded-For is read from its end, and only as far as the proxies that wrote it are in TRUSTED_PROXIES: what a
    visitor sent itself stands before it.
    """
    peer = str(environ.get("REMOTE_ADDR", ""))
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "") if settings.TRUSTED_PROXIES else ""
    address = peer
    for earlier in reversed(forwarded.split(",") if forwarded else []):
        if not _is_trusted(_parsed(address)) or _parsed(earlier) is None:
            break
        address = earlier
    return _network(address)


@lru_cache(REMEMBERED_ADDRESSES)
def _network(text: str) -> str:
    address = _parsed(text)
    if address is None:
        return text
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def _is_trusted(address: Address | None) -> bool:
    return address is not None and any(address in network for network in settings.TRUSTED_PROXIES)


def _parsed(text: str) -> Address | None:
    """Return the address, an IPv4 address in its IPv6 form as itself; None if it is none."""
    text = text.strip().strip('"')
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
