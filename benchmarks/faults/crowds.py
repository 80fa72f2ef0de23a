"""Many raw connections at once, well-behaved or not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.faults.site import Site


def request_bytes(
    site: Site, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None, *, length: int = 0
) -> bytes:
    """Build an HTTP/1.1 request; `length` declares a longer body than is sent."""
    data = json.dumps(body).encode()
    sent = {
        "Host": f"127.0.0.1:{site.server.port}",
        "Authorization": f"Bearer {site.server.key}",
        "Content-Type": "application/json",
        "Content-Length": str(length or len(data)),
        "Connection": "close",
        **(headers or {}),
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


@contextmanager
def connected(site: Site, sent: Sequence[bytes], *, receives: int = 0) -> Iterator[list[socket.socket]]:
    """Open a connection for each of `sent`; `receives` is the number of bytes each leaves unread."""
    open_ones: list[socket.socket] = []
    try:
        for data in sent:
            open_ones.append(one := socket.socket())
            if receives:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
            one.settimeout(30)
            one.connect(("127.0.0.1", site.server.port))
            one.sendall(data)
        yield open_ones
    finally:
        for one in open_ones:
            with contextlib.suppress(OSError):
                one.close()


@dataclass(frozen=True, slots=True)
class Reply:
    seconds: float
    # 0: no answer.
    status: int
    body: bytes


def all_at_once(site: Site, data: bytes, count: int, patience: float) -> list[Reply]:
    """Return the responses of `count` clients that connect at the same moment."""

    async def one() -> Reply:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(patience):
                reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
                writer.write(data)
                answer = await reader.read()
                writer.close()
        except (OSError, TimeoutError):
            return Reply(time.monotonic() - begun, 0, b"")
        head, _, body = answer.partition(b"\r\n\r\n")
        return Reply(time.monotonic() - begun, int(head.split()[1]) if head else 0, body)

    async def all_of_them() -> list[Reply]:
        return await asyncio.gather(*(one() for _ in range(count)))

    return asyncio.run(all_of_them())
