"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE = 30.0
"""Seconds. What takes a moment on a machine of its own may take long on a busy one."""


def wait_until(look: Callable[[], Found | None], seconds: float = PATIENCE, pause: float = 0.02) -> Found:
    """What `look` finds, as soon as that is true. Fails the test if it does not come."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)
    return found
