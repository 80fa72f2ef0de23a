"""The semantic tier of one process: what it was told through Redis, and how a question finds an earlier one.

Two ways lead to an entry. `llm:semantic:{scope}:{normalized}` names the answer of a question that is equal once
normalised, at every level. The index finds questions that mean the same, at the levels that allow it.
"""

from __future__ import annotations

import logging
import secrets
import sys
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from django.conf import settings

from caching import background, keys, metrics, tracing
from caching.entry import is_of_another_version
from caching.redis import store
from caching.semantic import event_vectors
from caching.semantic.embedders import get_embedder
from caching.semantic.embedders._bounded import Bounded
from caching.semantic.embedders.base import BaseEmbedder, EmbeddingError
from caching.semantic.indexes import get_index, is_shared
from caching.semantic.indexes.base import BaseIndex, Entry
from caching.semantic.matcher import Matcher
from caching.semantic.replication import IndexEvent, IndexFollower, publish_all, publishing
from caching.semantic.scoring.pair_verdicts import learned, pair_of, pair_of_keys
from caching.semantic.scoring.threshold import NEAR_MISS
from caching.semantic.text.normalize import normalize
from caching.semantic.types import Decision

logger = logging.getLogger(__name__)

VERSION = 2
SURE = 1.0
NOT_TO_BE_FOUND = "Embedding failed, so the entry has no semantic index: %s"


@dataclass(frozen=True)
class SemanticQuery:
    """A question as this tier sees it: the last message alone, inside everything else that an answer depends on."""

    scope: str
    """Digest of all but the text."""
    text: str

    @cached_property
    def key(self) -> str:
        return keys.semantic_key(self.scope, normalize(self.text))


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier question whose answer may be served, or nearly."""

    answer_key: str
    question: str
    tier: str
    """`normalized`, `semantic`, `confirmed` by a judge, or `near`: not to be served."""
    pair: str
    """See caching.semantic.scoring.pair_verdicts."""
    similarity: float = SURE
    probability: float = SURE
    threshold: float = 0.0
    place: int | None = None
    """Its place in the evidence of the scope; None: no threshold decided."""
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    """Identifies this one use of the answer for later reviews."""

    @property
    def serves(self) -> bool:
        return self.tier != "near"

    @property
    def reasons(self) -> list[str]:
        """Why it may be served, for staff."""
        if self.tier == "normalized":
            return ["same wording"]
        if self.tier == "confirmed":
            return ["passed all guards", "reviewed as right before"]
        return ["passed all guards", f"{self.probability:.1%} confidence (threshold {self.threshold:.1%})"]


class Tier:
    """Find and remember. Never raises: an embedder that fails or is slow means a miss."""

    def __init__(self) -> None:
        embedder = get_embedder(settings.SEMANTIC_EMBEDDER, settings.SEMANTIC_EMBEDDER_OPTIONS)
        if embedder.slow:
            embedder = Bounded(embedder, settings.SEMANTIC_TIMEOUT_MS / 1000)
        self.matcher = Matcher(embedder, new_index(embedder))
        metrics.INDEX_ENTRIES.set(len(self.matcher.index))
        self._reader = None if self.matcher.index.shared else IndexFollower(self._apply, self._forget_all)

    def close(self) -> None:
        """Learn of nothing more."""
        if self._reader:
            self._reader.stop()

    def find(self, asked: SemanticQuery, level: str, threshold: float | None = None) -> Match | None:
        """The earlier question whose answer may be served at this level, or one that comes near.

        `threshold` takes the place of the least probability that was learned.
        """
        if same := store.get(key := asked.key):
            if not _is_ours(key, same, asked):
                return None
            if level not in self.matcher.model.thresholds and normalize(same["question"]) != normalize(asked.text):
                # Remembered for another level, by meaning.
                return None
            pair = pair_of(asked.scope, asked.text, same["question"])
            match = Match(same["answer_key"], same["question"], "normalized", pair)
            if learned.verdict(match.pair) is not False:
                tracing.note(match="normalized", similarity=SURE, probability=SURE)
                return match
            store.delete([key])
        if level not in self.matcher.model.thresholds:
            return None
        try:
            decision = self.matcher.find(asked.text, asked.scope, level, learned, threshold, reviewed=_is_reviewed())
        except EmbeddingError as error:
            logger.warning("Embedding failed, so no semantic match: %s", error)
            return None
        _trace(decision)
        return _match(asked, decision)

    def commands(
        self, asked: SemanticQuery, answer_key: str, ttl: int, about: Mapping[str, Any]
    ) -> tuple[IndexEvent, list[store.Command]]:
        """Return the commands that let other questions find the answer under `answer_key` for `ttl` seconds.

        Once Redis has taken them, call `index` with the event.
        """
        event = IndexEvent(answer_key, asked.scope, asked.text, round(time.time() + ttl, 3), by=about.get("by", ""))
        same = _putting(asked, {"question": asked.text, "answer_key": answer_key, **about}, ttl)
        return event, [*same, *self._announcing(event)]

    def index(self, event: IndexEvent) -> None:
        """Add a stored entry to an index that all workers share. Where each has its own, they read the event."""
        if not self.matcher.index.shared:
            return
        try:
            self.matcher.add(entry_of(event))
        except EmbeddingError as error:
            logger.warning(NOT_TO_BE_FOUND, error)
        metrics.INDEX_ENTRIES.set(len(self.matcher.index))

    def alias(self, asked: SemanticQuery, match: Match, ttl: int, about: Mapping[str, Any]) -> None:
        """Let exactly this question hit again for as long as the answer lives, whatever is learned meanwhile.

        Not at once: until it is written the question is found by meaning once more.
        """
        about = {"question": match.question, "answer_key": match.answer_key, **about}
        background.submit(store.write, _putting(asked, about, ttl))

    def forget(self, answer_key: str, asked: SemanticQuery | None = None) -> None:
        """Remove an entry from the tier in all workers."""
        self.forget_all([answer_key])
        if asked:
            store.delete([asked.key])

    def forget_all(self, answer_keys: Collection[str]) -> None:
        """The same for many."""
        self.matcher.index.remove(answer_keys)
        if not self.matcher.index.shared:
            publish_all(IndexEvent(answer_key) for answer_key in answer_keys)

    def _announcing(self, event: IndexEvent) -> list[store.Command]:
        """Return the commands that publish an entry to every worker's own index; none for a shared index."""
        if self.matcher.index.shared:
            return []
        if self.matcher.embedder.slow:
            try:
                event = event_vectors.carrying(event, self.matcher.vector(event.text), self.matcher.embedder)
            except EmbeddingError as error:
                logger.warning(NOT_TO_BE_FOUND, error)
                return []
        return [publishing(event)]

    def _forget_all(self) -> None:
        if len(self.matcher.index):
            self.matcher.index = new_index(self.matcher.embedder)
            metrics.INDEX_ENTRIES.set(0)

    def _apply(self, events: list[IndexEvent]) -> None:
        latest = {event.id: event for event in events}.values()
        self.matcher.index.remove([event.id for event in latest if not event.text])
        fresh = [event for event in latest if event.text and event.expires > time.time()]
        usable = [event for event in fresh if event_vectors.is_usable(event, self.matcher.embedder)]
        if usable:
            slow = self.matcher.embedder.slow
            vectors = event_vectors.carried(usable) if slow else self.matcher.vectors([each.text for each in usable])
            self.matcher.index.add_all([entry_of(event) for event in usable], vectors)
        metrics.INDEX_ENTRIES.set(len(self.matcher.index))


def new_index(embedder: BaseEmbedder) -> BaseIndex:
    """The index of the settings: empty, or what all workers share."""
    most = settings.SEMANTIC_MAX_ENTRIES
    return get_index(settings.SEMANTIC_INDEX, embedder.dimensions, most, embedder.identity, embedder.leading)


def entry_of(event: IndexEvent) -> Entry:
    # Many entries have the same scope, each read from the stream as a text of its own.
    return Entry(event.id, sys.intern(event.scope), event.text, expires=event.expires)


def _putting(asked: SemanticQuery, about: Mapping[str, Any], ttl: int) -> list[store.Command]:
    key = asked.key
    value = {"v": VERSION, "key": keys.self_check(key), "scope": asked.scope, **about}
    command = store.putting(key, value, ttl)
    return [command] if command else []


def _is_ours(key: str, value: Mapping[str, Any], asked: SemanticQuery) -> bool:
    """False for what is of another version, which stays, and for what was moved there from another key."""
    if value.get("v") == VERSION and value.get("key") == keys.self_check(key) and value.get("scope") == asked.scope:
        return True
    if not is_of_another_version(value, VERSION):
        store.discard(key, "not an entry of this version and this key")
    return False


def _is_reviewed() -> bool:
    return bool(settings.SEMANTIC_PROMOTE or settings.SEMANTIC_VERIFY_SHARE)


def _match(asked: SemanticQuery, decision: Decision) -> Match | None:
    best = decision.best
    if best is None or (decision.entry is None and best.probability < NEAR_MISS):
        return None
    confirmed = decision.tier == "semantic" and best.probability == SURE
    return Match(
        best.entry.id,
        best.entry.text,
        "near" if decision.entry is None else "confirmed" if confirmed else decision.tier,
        pair_of_keys(asked.key, keys.semantic_key(asked.scope, best.text)),
        similarity=best.similarity,
        probability=best.probability,
        threshold=decision.threshold,
        place=decision.place,
    )


def _trace(decision: Decision) -> None:
    if best := decision.best:
        tracing.note(
            match=decision.tier,
            similarity=best.similarity,
            probability=best.probability,
            threshold=decision.threshold,
            vetoes=best.vetoes,
        )


_lock = threading.Lock()


def tier() -> Tier:
    """The one tier of this process; made at the first use, or when a server starts."""
    with _lock:
        return _made()


@cache
def _made() -> Tier:
    return Tier()


def forget_answers(answer_keys: Collection[str]) -> None:
    """Let no other question find these answers, in any worker. Nothing to do where the tier is off."""
    if not answer_keys or settings.SEMANTIC_MODE == "off":
        return
    if _made.cache_info().currsize or is_shared(settings.SEMANTIC_INDEX):
        tier().forget_all(answer_keys)
    else:
        # A command needs no embedder to tell the workers.
        publish_all(IndexEvent(answer_key) for answer_key in answer_keys)


def forget_tier() -> None:
    """Let the next use make a new one, with the settings of that time."""
    with _lock:
        if _made.cache_info().currsize:
            _made().close()
            _made.cache_clear()
