"""Events in a Redis stream, from a leader to its followers."""

from __future__ import annotations

import time
from typing import Any, cast

from caching.redis import store

BLOCK_MILLISECONDS = 120  # of one XREAD; below REDIS_TIMEOUT_MS, or it would look like a Redis that hangs
SECONDS_BETWEEN_READS = 0.06  # a follower sends at most 17 commands a second, however fast the leader writes

# Kind and item.
Event = tuple[bytes, bytes]


@store.fail_open(None)
def append_events(name: str, events: list[Event], seconds: int) -> None:
    """Append `events` to the stream `name`, which expires `seconds` from now."""
    pipeline = store.connection().pipeline(transaction=False)
    for kind, item in events:
        pipeline.xadd(name, {kind: item})
    pipeline.expire(name, seconds)
    pipeline.execute()


class EventReader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._last: str | bytes = "0"
        self._next_read = 0.0

    def read(self, *, block: bool = True) -> list[Event] | None:
        """Return the new events, after waiting a moment for them; None without Redis."""
        time.sleep(max(0.0, self._next_read - time.monotonic()))
        events = _read(self._name, self._last, BLOCK_MILLISECONDS if block else None)
        self._next_read = time.monotonic() + SECONDS_BETWEEN_READS
        if events:
            self._last = events[-1][0]
        return None if events is None else [(kind, item) for _, kind, item in events]


@store.fail_open(None)
def _read(name: str, after: str | bytes, block: int | None) -> list[tuple[bytes, bytes, bytes]] | None:
    answer = cast("list[Any]", store.connection().xread({name: after}, block=block))
    events = answer[0][1] if answer else []
    return [(identifier, kind, item) for identifier, fields in events for kind, item in fields.items()]
