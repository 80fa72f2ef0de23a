"""What happens to work whose client has gone: it is finished in the background, within limits.

The provider bills what it has generated either way, others may be waiting for the same answer, and the client often
asks again. So the rest is read and stored. Beyond the limits it is closed instead, which frees the connection.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 16
LONGEST_SECONDS = 30.0

_slots = threading.BoundedSemaphore(MOST_AT_ONCE)


def drain(items: Iterator[Any]) -> None:
    """Read `items` to the end in the background, or close it at once if too many are being drained already."""
    if _slots.acquire(blocking=False):
        threading.Thread(target=_drain, args=(items,), name="drain", daemon=True).start()
    else:
        _close(items)


def _drain(items: Iterator[Any]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    try:
        for _ in items:
            if time.monotonic() > deadline:
                break
    except Exception:
        # Nobody is left to be told; whoever waits for the same work was told by its leader.
        logger.exception("Cannot finish the answer of a disconnected client")
    finally:
        _close(items)
        _slots.release()


def _close(items: Iterator[Any]) -> None:
    if isinstance(items, Generator):
        items.close()
