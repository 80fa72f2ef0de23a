"""Labelled questions replayed through the functions that serve requests."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from statistics import quantiles

from caching.semantic.guards import vetoes
from caching.semantic.indexes.base import Entry
from caching.semantic.matcher import Matcher
from caching.semantic.missed import THRESHOLD, Missed, missed
from caching.semantic.scoring.pair_verdicts import Learned, pair_of
from caching.semantic.scoring.scope_evidence import NEW, ScopeEvidence
from caching.semantic.text.analysis import analyse
from caching.semantic.types import Decision

SCOPE = "semantic_eval"
# Share of the hits that the labels review, as SEMANTIC_VERIFY_SHARE does; selected pairs come on top, within a limit.
REVIEWED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    text: str
    label: str
    """Questions with the same label have the same answer."""


@dataclass(frozen=True, slots=True)
class Pair:
    asked: str
    stored: str
    same: bool
    """True if the answer to `stored` answers `asked` too."""


@dataclass(slots=True)
class EvaluationResult:
    n: int = 0
    hits: int = 0
    wrong: int = 0
    reusable: int = 0
    """Questions with a stored one of the same label; of pairs, those with y = 1."""
    paraphrases: int = 0
    """The same, of pairs only."""
    tiers: Counter[str] = field(default_factory=Counter)
    vetoes: Counter[str] = field(default_factory=Counter)
    """Misses by the guard that refused the nearest entry."""
    reviews: int = 0
    milliseconds: list[float] = field(default_factory=list)
    wrong_hits: list[tuple[str, str]] = field(default_factory=list)
    missed_hits: list[Missed] = field(default_factory=list)
    """Reusable, and not reused."""

    def count(self, decision: Decision, right: bool) -> None:
        self.n += 1
        if decision.entry is not None:
            self.hits += 1
            self.wrong += not right
            self.tiers[decision.tier] += 1

    def trace(self, decision: Decision, asked: str, same: Sequence[str], right: bool) -> None:
        """Take note of a wrong hit, and of a miss beside the stored questions of the `same` label."""
        self.reusable += bool(same)
        if decision.entry is None and decision.best is not None:
            self.vetoes.update(vetoes(analyse(asked), analyse(decision.best.entry.text)))
        if decision.entry is not None and not right:
            self.wrong_hits.append((asked, decision.entry.text))
        elif decision.entry is None and same:
            found = missed(asked, same)
            best = decision.best
            if best and best.entry.text == found.stored and not best.unexplained:
                found = replace(found, reasons=(THRESHOLD,))
            self.missed_hits.append(found)

    @property
    def hit_rate(self) -> float:
        return self.hits / max(self.n, 1)

    @property
    def error_per_query(self) -> float:
        return self.wrong / max(self.n, 1)

    @property
    def false_hit_share(self) -> float:
        return self.wrong / max(self.hits, 1)

    def percentile(self, percent: int) -> float:
        times = self.milliseconds
        return quantiles(times, n=100, method="inclusive")[percent - 1] if len(times) > 1 else sum(times)


def _records(path: Path) -> list[dict[str, object]]:
    """Return the objects of a file. Raises ValueError with the line of another value."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as err:
            raise ValueError(f"{path}, line {number} is not JSON: {err}") from err
        if not isinstance(record, dict):
            raise ValueError(f"{path}, line {number} is not an object")
        found.append(record)
    return found


def is_pairs(path: Path) -> bool:
    """Return True for records `{"a", "b", "y"}`, False for `{"q", "c"}`. Raises ValueError for any other."""
    records = _records(path)
    for keys, answer in (({"a", "b", "y"}, True), ({"q", "c"}, False)):
        if records and all(keys <= record.keys() for record in records):
            return answer
    raise ValueError(f'{path} must hold {{"q", "c"}} in each line, or {{"a", "b", "y"}} in each')


def read_stream(path: Path) -> list[LabelledQuestion]:
    return [LabelledQuestion(str(record["q"]), str(record["c"])) for record in _records(path)]


def read_pairs(path: Path) -> list[Pair]:
    return [Pair(str(record["b"]), str(record["a"]), bool(record["y"])) for record in _records(path)]


class LabelJudge:
    """Reviews pairs by their labels, in place of a model, and moves the threshold as the service does."""

    def __init__(self, level: str) -> None:
        self.learned = Learned()
        self.reviews = 0
        self._level = level
        self._evidence = ScopeEvidence()
        self._random = Random(0)  # noqa: S311 - a sample, not a secret

    def consider(self, decision: Decision, asked: str, right: bool) -> bool:
        """Review the pair if it is part of the sample, or of use. Return True if a hit was found wrong."""
        place, best = decision.place, decision.best
        standing = self.learned.standings.get(SCOPE, NEW)
        asked_since = self.learned.counts.asked(SCOPE)
        sampled = self._random.random() < REVIEWED_SHARE and decision.entry is not None
        wanted = standing.has_room(asked_since) if sampled else standing.wants_review(place, self._level, asked_since)
        if not wanted or place is None or best is None:
            return False
        self.reviews += 1
        self.learned.hear(pair_of(SCOPE, asked, best.entry.text), right)
        self._evidence.add(*self.learned.counts.take(SCOPE))
        self._evidence.review(place, wrong=not right)
        self.learned.standings = {SCOPE: self._evidence.standing()}
        return decision.entry is not None and not right


def replay(
    matcher: Matcher, stream: Sequence[LabelledQuestion], level: str, judge: LabelJudge | None = None
) -> EvaluationResult:
    """Each question is looked up; a hit is right where the labels are equal; a miss is stored."""
    result = EvaluationResult()
    stored: dict[str, list[str]] = defaultdict(list)
    for at, asked in enumerate(stream):
        decision = _timed(matcher, asked.text, SCOPE, level, result, judge)
        right = decision.best is not None and stream[int(decision.best.entry.id)].label == asked.label
        result.count(decision, right)
        result.trace(decision, asked.text, stored[asked.label], right)
        if decision.entry is None:
            matcher.add(Entry(str(at), SCOPE, asked.text))
            stored[asked.label].append(asked.text)
        if judge and judge.consider(decision, asked.text, right) and decision.entry:
            matcher.index.remove([decision.entry.id])
    result.reviews = judge.reviews if judge else 0
    matcher.index.remove(str(at) for at in range(len(stream)))
    return result


def compare(matcher: Matcher, pairs: Sequence[Pair], level: str) -> EvaluationResult:
    """Each pair alone, in a scope of its own: `b` is asked of a store that holds `a`."""
    result = EvaluationResult()
    for at, pair in enumerate(pairs):
        scope = f"{SCOPE}:{at}"
        matcher.add(Entry("pair", scope, pair.stored))
        decision = _timed(matcher, pair.asked, scope, level, result)
        result.count(decision, pair.same)
        result.trace(decision, pair.asked, [pair.stored] if pair.same else [], pair.same)
        result.paraphrases += pair.same
        matcher.index.remove(["pair"])
    return result


def _timed(
    matcher: Matcher, text: str, scope: str, level: str, result: EvaluationResult, judge: LabelJudge | None = None
) -> Decision:
    start = time.perf_counter()
    decision = matcher.find(text, scope, level, judge.learned if judge else None, reviewed=judge is not None)
    result.milliseconds.append((time.perf_counter() - start) * 1000)
    return decision
