"""Each process of the suite has a part of the ports, or two could find the same one free."""

from __future__ import annotations

from speechsite.server import private_redis

MAX_WORKERS = 16


def reserve_ports(worker: str | None) -> None:
    """`worker`: the name that pytest-xdist gives a process, gw0 and so on; None if there is one only."""
    if worker:
        every = private_redis.PORTS
        size = len(every) // MAX_WORKERS
        first = every.start + size * (int(worker.removeprefix("gw")) % MAX_WORKERS)
        private_redis.PORTS = range(first, first + size)
