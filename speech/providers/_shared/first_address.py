"""Connecting to a host some of whose addresses do not answer, as with an IPv6 that leads nowhere (RFC 8305)."""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Any

# Seconds until the next address is tried as well, as section 5 of the RFC recommends.
HEAD_START = 0.25
# One of what `socket.getaddrinfo` returns.
Address = tuple[Any, ...]


def connect(addresses: Sequence[Address], timeout: float, options: Iterable[tuple[Any, ...]]) -> socket.socket:
    """Return a socket that is connected to the address that answers first.

    Raises TimeoutError if none does within `timeout` seconds. If all of them refuse it raises the OSError of the last,
    or of the first without a route if none was reached.
    """
    deadline = time.monotonic() + timeout
    failure: OSError | None = None
    left = list(by_turns(addresses))
    begun: list[socket.socket] = []
    try:
        while left or begun:
            if left:
                try:
                    begun.append(_begin(left.pop(0), options))
                except OSError as error:
                    failure = failure or error
                    continue
            pause = deadline - time.monotonic()
            if pause <= 0:
                raise TimeoutError("no address answers")
            for sock in _decided(begun, min(pause, HEAD_START) if left else pause):
                begun.remove(sock)
                if not (number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
                    sock.settimeout(timeout)
                    return sock
                failure = OSError(number, os.strerror(number))
                sock.close()
        raise failure or TimeoutError("no address answers")
    finally:
        for sock in begun:
            sock.close()


def by_turns(addresses: Sequence[Address]) -> Iterator[Address]:
    """Yield them in their order, but each family in turn."""
    families: dict[Any, list[Address]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    for turn in zip_longest(*families.values()):
        yield from filter(None, turn)


def _begin(address: Address, options: Iterable[tuple[Any, ...]]) -> socket.socket:
    family, kind, protocol, _, target = address
    sock = socket.socket(family, kind, protocol)
    try:
        for option in options:
            sock.setsockopt(*option)
        sock.setblocking(False)
        with suppress(BlockingIOError):
            sock.connect(target)
    except BaseException:
        sock.close()
        raise
    return sock


def _decided(sockets: Sequence[socket.socket], timeout: float) -> list[socket.socket]:
    with selectors.DefaultSelector() as selector:
        for sock in sockets:
            selector.register(sock, selectors.EVENT_WRITE)
        return [key.fileobj for key, _ in selector.select(timeout)]  # type: ignore[misc]
