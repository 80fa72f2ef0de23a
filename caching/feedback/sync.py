"""What was learned: the database has it all, Redis says that there is something new, every process has it in memory.

`llm:query_index:learned` holds a word that changes with every judgement. A process that sees another word, or none,
reads what is new from the database. Whoever empties Redis takes nothing of it away, not even the news.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

from django.db import Error

from caching import keys
from caching.background import PeriodicWorker
from caching.feedback import thresholds
from caching.models import Judge, Judgement, Verdict
from caching.redis import store
from caching.semantic.scoring.pair_verdicts import MOST_PAIRS, learned

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How long a judgement may stay unknown to other workers (our promise is about a second)."""
KEPT_SECONDS = 30 * 24 * 3600
_OVERLAP = 100
"""Numbers read again, because PostgreSQL may show a higher one before a lower one that was written at the same time."""
_TEACHERS = (Judge.STAFF, Judge.MODEL, Judge.PROMOTION)


def hear(pair: str, judge: str, verdict: str) -> None:
    """Let this process know at once what one judgement says of its pair.

    A client's "right" only counts: clients that share a scope must not be able to vouch for each other's answers.
    """
    right = verdict == Verdict.RIGHT
    if pair and (not right or judge in _TEACHERS):
        learned.hear(pair, right, final=judge == Judge.STAFF)


def announce() -> None:
    """Tell all processes, this one included, that something was judged. It is in the database by now."""
    learned.steps = thresholds.steps()
    _say_another_word()


def _say_another_word() -> dict[str, Any]:
    """The word, which no process has seen before."""
    word = {"v": 1, "change": secrets.token_hex(8)}
    if not store.put(keys.LEARNED, word, KEPT_SECONDS):
        # A full Redis takes nothing new but gives up what it has, and where there is no word everybody reads.
        store.delete([keys.LEARNED])
    return word


class Follower:
    """Keeps `learned` up to date in a thread of its own, until it is stopped."""

    def __init__(self) -> None:
        self._seen: dict[str, Any] | None = None
        self._newest = 0
        self._worker = PeriodicWorker("verdicts", self.look, POLL_SECONDS)

    def start(self) -> None:
        """Returns when all that is known so far is in memory."""
        if self.read():
            thresholds.show()
        self._worker.start()

    def stop(self) -> None:
        self._worker.stop()

    def look(self) -> None:
        """Read what is new, unless Redis still says what it said the last time."""
        if not store.available():
            self._seen = None
            return
        # Who was cut off cannot know whether what it announced meanwhile was heard, nor does anybody who finds no word.
        # The word is said before the database is read: what is judged in between changes it again.
        word = (self._seen and store.get(keys.LEARNED)) or _say_another_word()
        if word != self._seen and self.read():
            self._seen = word

    def read(self) -> bool:
        """Take in what is new in the database; whether it could be read."""
        rows = Judgement.objects.exclude(pair="").order_by("-pk").values_list("pk", "pair", "judge", "verdict")
        try:
            new = list(rows.filter(pk__gt=self._newest - _OVERLAP)[:MOST_PAIRS])
            learned.steps = thresholds.steps()
        except Error as error:
            logger.warning("Cannot read reviews, continuing with the last known ones: %s", error)
            return False
        for _, pair, judge, verdict in reversed(new):
            hear(pair, judge, verdict)
        if new:
            self._newest = max(self._newest, new[0][0])
        return True


follower = Follower()
