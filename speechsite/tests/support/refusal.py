"""A Redis that refuses a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis


@contextmanager
def refused(client: redis.Redis, command: str) -> Iterator[None]:
    client.execute_command("ACL SETUSER", "default", f"-{command}")
    try:
        yield
    finally:
        client.execute_command("ACL SETUSER", "default", "+@all")
