"""Circuit breaker for Redis, probed in the background so that no request pays for a probe, and a pause of writes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from caching.background import PeriodicWorker
from caching.redis.errors import Advice

logger = logging.getLogger(__name__)

# A full Redis costs one attempt now and then, not one per request.
PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class State:
    up: bool
    # `time.time()` of the last change.
    since: float
    # Cause, in the user's terms.
    reason: str = ""
    # The same by the clock that nobody sets.
    began: float = field(default_factory=time.monotonic)


class RedisBreaker:
    """Opens at the first failure, and closes when `probe` succeeds, which is tried every `interval` seconds.

    One failure is enough: every further caller would wait for the same time-out.
    """

    def __init__(
        self,
        *,
        probe: Callable[[], str | None],
        on_change: Callable[[State, State], None],
        interval: float = 0.5,
    ) -> None:
        """`probe` returns None if Redis works, else the reason; `on_change` gets the old and the new state."""
        self._probe = probe
        self._on_change = on_change
        self._lock = threading.Lock()
        self._worker = PeriodicWorker("redis-probe", self._probe_while_down, interval)
        self.state = State(up=True, since=time.time())

    def trip(self, reason: str) -> None:
        """Open the circuit. Of many threads that fail at once the first one reports."""
        if self._change(State(up=False, since=time.time(), reason=reason)):
            self._worker.start()

    def _probe_while_down(self) -> None:
        if self.state.up:
            return
        reason = self._reason()
        if reason is None:
            self._change(State(up=True, since=time.time()))
        else:
            # The cause may have changed: Redis was restarted, and now wants a password.
            self.state = replace(self.state, reason=reason)

    def _reason(self) -> str | None:
        try:
            return self._probe()
        except Exception as error:
            # Any error: nothing else would notice that Redis is back.
            if (reason := f"unexpected {type(error).__name__}") != self.state.reason:
                logger.exception("Cannot test the connection to Redis")
            return reason

    def _change(self, new: State) -> bool:
        with self._lock:
            old = self.state
            if old.up == new.up:
                return False
            self.state = new
        self._on_change(old, new)
        return True


class WritePause:
    """No writes for PAUSE_SECONDS after Redis refused one; reads go on."""

    def __init__(self, address: Callable[[], str]) -> None:
        """`address` returns the name of the Redis for the log."""
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
