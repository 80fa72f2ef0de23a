"""What was learned: the database has it all, Redis says that there is something new, every process has it in memory.

`llm:query_index:learned` holds the newest judgement's number and the steps of the bars. A process that sees it change
reads what is new from the database. Whoever empties Redis takes nothing of it away.
"""

from __future__ import annotations

import logging
import threading

from django.db import Error, close_old_connections

from caching import keys, store
from caching.judging import bars
from caching.models import Judge, Judgement, Verdict
from caching.semantic.learned import MOST_PAIRS, learned

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How long a judgement may stay unknown to other workers (our promise is about a second)."""
KEPT_SECONDS = 30 * 24 * 3600
_OVERLAP = 100
"""Numbers read again, because PostgreSQL may show a higher one before a lower one that was written at the same time."""
_TEACHERS = (Judge.STAFF, Judge.MODEL, Judge.PROMOTION)


def hear(row: Judgement) -> None:
    """Let this process know at once what one judgement says of its pair.

    A client's "right" only counts: clients that share a scope must not be able to vouch for each other's answers.
    """
    right = row.verdict == Verdict.RIGHT
    if row.pair and (not right or row.judge in _TEACHERS):
        learned.hear(row.pair, right, final=row.judge == Judge.STAFF)


def announce(row: Judgement) -> None:
    """Tell all processes that `row` was written."""
    learned.steps = bars.steps()
    store.put(keys.LEARNED, {"v": 1, "judgement": row.pk, "steps": learned.steps}, KEPT_SECONDS)


class Follower:
    """Keeps `learned` up to date in a thread of its own, until it is stopped."""

    def __init__(self) -> None:
        self._seen: object = None
        self._newest = 0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Returns when all that is known so far is in memory."""
        if self.read():
            bars.show()
        self._thread = threading.Thread(target=self._follow, name="learned", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def look(self) -> None:
        """Read what is new, if Redis says that there is something."""
        told = store.get(keys.LEARNED)
        if told is not None and told != self._seen and self.read():
            self._seen = told

    def read(self) -> bool:
        """Take in what is new in the database; whether it could be read."""
        pairs = Judgement.objects.exclude(pair="").order_by("-pk")
        try:
            new = list(pairs.filter(pk__gt=self._newest - _OVERLAP)[:MOST_PAIRS])
            learned.steps = bars.steps()
        except Error as error:
            logger.warning("What judgements taught cannot be read, going on with what is known: %s", error)
            return False
        for row in reversed(new):
            hear(row)
        self._newest = max([self._newest, *(row.pk for row in new)])
        return True

    def _follow(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            try:
                self.look()
            finally:
                close_old_connections()


follower = Follower()
