"""Background review of answers by a model.

The queue and the rate of calls are bounded. Reviews beyond them are dropped and counted.
"""

from __future__ import annotations

import logging
import queue
import random
from functools import cached_property
from itertools import takewhile

from django.conf import settings
from django.utils.module_loading import import_string

from caching import ledger, metrics
from caching.background import PeriodicWorker
from caching.feedback import verdicts
from caching.feedback.types import AskModel, Case, Opinion
from caching.feedback.verdicts import Use
from caching.ledger import Event
from caching.models import Judge, Verdict
from caching.redis import store
from caching.semantic.cache import tier
from caching.semantic.scoring.pair_verdicts import learned
from caching.semantic.scoring.scope_evidence import NEW

logger = logging.getLogger(__name__)

MAX_WAITING = 64


class JudgeWorker:
    """A queue and the thread that works through it; one per process."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[Case, Judge]] = queue.Queue(MAX_WAITING)
        self._worker = PeriodicWorker("judging", self.judge_one, _seconds_between_judgements)

    @cached_property
    def ask_model(self) -> AskModel:
        """Return the function that settings.SEMANTIC_REVIEWER names, imported when it is first needed."""
        found: AskModel = import_string(settings.SEMANTIC_REVIEWER)
        return found

    def offer(self, case: Case) -> None:
        """Queue a case if it is part of the sample, or worth reviewing. Never blocks."""
        if case.match.serves and _is_of_the_sample() and _has_room(case):
            judge = Judge.MODEL
        elif self._is_worth_knowing(case):
            judge = Judge.PROMOTION
        else:
            return
        try:
            self._waiting.put_nowait((case, judge))
        except queue.Full:
            metrics.JUDGEMENTS_DROPPED.labels(judge).inc()
            return
        self._worker.start()

    def judge_one(self) -> bool:
        """Review the oldest case. Return False if none is queued."""
        try:
            case, judge = self._waiting.get_nowait()
        except queue.Empty:
            return False
        self._decide(case, judge)
        return True

    def work_off(self) -> int:
        """Review all queued cases, at most one queue's length. Return their number."""
        return sum(takewhile(bool, (self.judge_one() for _ in range(MAX_WAITING))))

    def _is_worth_knowing(self, case: Case) -> bool:
        # Half of the room is the sample's, or a flood of others would leave nothing measured.
        scope = case.asked.scope
        standing = learned.standings.get(scope, NEW)
        wanted = (
            settings.SEMANTIC_PROMOTE
            and learned.verdict(case.match.pair) is None
            and standing.wants_review(case.match.place, case.level, learned.counts.asked(scope))
        )
        if wanted and self._waiting.qsize() >= MAX_WAITING // 2:
            metrics.JUDGEMENTS_DROPPED.labels(Judge.PROMOTION).inc()
            return False
        return bool(wanted)

    def _decide(self, case: Case, judge: Judge) -> None:
        # Cases that waited beside this one may have been reviewed since.
        if not _has_room(case) or (judge == Judge.PROMOTION and learned.verdict(case.match.pair) is not None):
            return
        opinion = self.ask_model(case)
        _pay(case, opinion)
        if opinion.right is None:
            metrics.JUDGEMENTS.labels(case.level, judge, "unclear").inc()
            return
        verdicts.give(_use(case), judge, Verdict.RIGHT if opinion.right else Verdict.WRONG)
        # A pair that was served has its alias from the hit.
        is_new = judge == Judge.PROMOTION and not case.match.serves
        if is_new and opinion.right and store.get(case.asked.key) is None:
            tier().alias(case.asked, case.match, case.ttl, {"by": case.client})


def _seconds_between_judgements() -> float:
    return 60 / settings.SEMANTIC_JUDGEMENTS_PER_MINUTE


def _has_room(case: Case) -> bool:
    """Return False if the scope had its 5 reviews in 100 questions; a sample alone has its own share."""
    if not settings.SEMANTIC_PROMOTE:
        return True
    scope = case.asked.scope
    return learned.standings.get(scope, NEW).has_room(learned.counts.asked(scope))


def _is_of_the_sample() -> bool:
    return random.random() < settings.SEMANTIC_VERIFY_SHARE  # noqa: S311 - a sample, not a secret


def _pay(case: Case, opinion: Opinion) -> None:
    """Record the cost in the ledger, as overhead of the cache."""
    ledger.record(
        Event(
            "llm",
            "judged",
            opinion.usage,
            level=case.level,
            provider=opinion.provider,
            model=opinion.model,
            client=case.client,
            key=case.match.answer_key,
            question=case.asked.text,
            matched=case.match.question,
        )
    )


def _use(case: Case) -> Use:
    match = case.match
    return Use(
        match.id,
        match.answer_key,
        match.pair,
        case.level,
        case.client,
        case.asked.text,
        match.question,
        match.probability,
        scope=case.asked.scope,
        place=match.place,
        given=case.given,
    )


worker = JudgeWorker()
offer = worker.offer
