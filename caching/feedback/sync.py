"""Sync reviews to all workers: the database is the source, a version token in Redis signals changes.

`llm:query_index:learned` holds the token, which changes with every review. A process that sees another token, or none,
reads the new reviews from the database, so flushing Redis loses nothing.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime
from typing import Any

from django.db import Error

from caching import keys
from caching.background import PeriodicWorker
from caching.feedback import scopes, thresholds
from caching.models import Judge, Judgement, Verdict
from caching.redis import store
from caching.semantic.scoring.pair_verdicts import MAX_PAIRS, learned

logger = logging.getLogger(__name__)

# Polling interval: other workers apply a review within about a second.
POLL_SECONDS = 0.5
KEPT_SECONDS = 30 * 24 * 3600
# Ids to read again, because PostgreSQL may show a higher id before a lower concurrent one.
_OVERLAP = 100
_TEACHERS = (Judge.STAFF, Judge.MODEL, Judge.PROMOTION)


def apply(pair: str, judge: str, verdict: str) -> None:
    """Apply a verdict to its pair in this process at once.

    A client's "right" is only counted: clients that share a scope cannot vouch for each other's answers.
    """
    right = verdict == Verdict.RIGHT
    if pair and (not right or judge in _TEACHERS):
        learned.hear(pair, right, final=judge == Judge.STAFF)


def announce() -> None:
    """Signal to all processes that the database contains a new review."""
    learned.steps = thresholds.steps()
    _change_token()


def _change_token() -> dict[str, Any]:
    """Set a token that no process has seen."""
    token = {"v": 1, "change": secrets.token_hex(8)}
    if not store.put(keys.LEARNED, token, KEPT_SECONDS):
        # A full Redis refuses writes but allows deletions, and without a token every process reads the database.
        store.delete([keys.LEARNED])
    return token


class VerdictSync:
    """Thread that keeps `learned` up to date."""

    def __init__(self) -> None:
        self._seen: dict[str, Any] | None = None
        self._newest = 0
        self._scopes_read: datetime | None = None
        self._worker = PeriodicWorker("verdicts", self.poll, POLL_SECONDS)

    def start(self) -> None:
        """Load all existing reviews before returning."""
        if self.load():
            thresholds.show()
        self._worker.start()

    def stop(self) -> None:
        self._worker.stop()

    def poll(self) -> None:
        """Read new reviews, unless the token is unchanged."""
        if not store.available():
            self._seen = None
            return
        # After a disconnect, or without a token, other processes may have missed a review: set a new token. It is set
        # before the database is read, so that a review in between changes it again.
        token = (self._seen and store.get(keys.LEARNED)) or _change_token()
        if token != self._seen and self.load():
            self._seen = token

    def load(self) -> bool:
        """Apply new reviews from the database. Return False if it could not be read."""
        rows = Judgement.objects.exclude(pair="").order_by("-pk").values_list("pk", "pair", "judge", "verdict")
        try:
            new = list(rows.filter(pk__gt=self._newest - _OVERLAP)[:MAX_PAIRS])
            learned.steps = thresholds.steps()
            self._scopes_read = scopes.load(self._scopes_read)
        except Error as error:
            logger.warning("Cannot read reviews, continuing with the last known ones: %s", error)
            return False
        for _, pair, judge, verdict in reversed(new):
            apply(pair, judge, verdict)
        if new:
            self._newest = max(self._newest, new[0][0])
        return True


verdict_sync = VerdictSync()
