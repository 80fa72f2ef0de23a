"""Whether Redis takes writes: it may refuse them (full, a replica, no permission) and still answer reads."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from caching.redis.advice import Advice

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
"""After a refused write the next ones wait this long: a full Redis costs a try now and then, not one a request."""


class Writes:
    def __init__(self, address: Callable[[], str]) -> None:
        """`address` names the Redis in the log."""
        self._address = address
        self._refused_until = float("-inf")
        self._refusing = False

    @property
    def paused(self) -> bool:
        return time.monotonic() < self._refused_until

    def refused(self, advice: Advice) -> None:
        self._refused_until = time.monotonic() + PAUSE_SECONDS
        if not self._refusing:
            self._refusing = True
            logger.warning("Redis at %s refuses writes: %s", self._address(), advice)

    def accepted(self) -> None:
        if self._refusing:
            self._refusing = False
            logger.info("Redis at %s accepts writes again", self._address())
