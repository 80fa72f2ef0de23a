"""The path of a question through the semantic tier: read, embed, search, explain, decide."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from caching.semantic.embedders.base import BaseEmbedder
from caching.semantic.explanation import may_be_weighed, unexplained
from caching.semantic.guards import vetoes
from caching.semantic.indexes.base import BaseIndex, Entry, Neighbour, Vector
from caching.semantic.scoring.features import features
from caching.semantic.scoring.idf import Idf
from caching.semantic.scoring.model import Model, packaged_idf, packaged_model
from caching.semantic.scoring.pair_verdicts import Learned
from caching.semantic.scoring.scope_density import Scopes
from caching.semantic.scoring.threshold import sigmoid
from caching.semantic.text.analysis import Question, analyse
from caching.semantic.text.normalize import plain
from caching.semantic.types import Candidate, Decision

NEIGHBOURS = 10
# Neighbours among which an explained one is looked for where the nearest hold none; so many of them are read.
WIDER, READ = 30, 5
# Least share of common word beginnings at which one of these is read at all.
_RESEMBLANCE = 0.5
# The level at which unexplained words may be weighed.
WEIGHING = "speed"
# Log odds of an explained pair, less for every word that differs; all above the packaged thresholds.
_SURE, _EACH, _LEAST = 5.5, 0.25, 3.3


class Matcher:
    """One embedder, one index and what was learned about words, shared by the threads of a process."""

    def __init__(
        self, embedder: BaseEmbedder, index: BaseIndex, idf: Idf | None = None, model: Model | None = None
    ) -> None:
        if embedder.dimensions != index.dimensions:
            raise ValueError(f"{embedder.identity} does not fit an index of {index.dimensions} dimensions")
        self.embedder = embedder
        self.index = index
        self.idf = idf or packaged_idf()
        self.model = model or packaged_model()
        self._scopes = Scopes()

    def add(self, entry: Entry) -> None:
        """Make an entry findable. Raises EmbeddingError."""
        self.index.add(entry, self.vector(entry.text))

    def find(
        self, text: str, scope: str, level: str, learned: Learned | None = None, threshold: float | None = None
    ) -> Decision:
        """The entry whose answer may be served at this level.

        `learned`: what judges said of pairs and did to the bars; `threshold` takes the place of a bar. Raises
        EmbeddingError.
        """
        learned = learned or Learned()
        found = learned.revise(text, scope, self.candidates(text, scope))
        self.learn(text)
        if threshold is None:
            threshold = learned.bar(level, self.model.bars.get(level, 1.0))
        weighing = self._scopes.weighing(scope, threshold) if level == WEIGHING else 1.0
        return decide(found, threshold, weighing)

    def learn(self, text: str) -> None:
        question = analyse(text)
        self.idf.learn({*question.content, *question.function})

    def vector(self, text: str) -> Vector:
        vector: Vector = self.embedder.embed([plain(text)])[0]
        return vector

    def candidates(self, text: str, scope: str) -> list[Candidate]:
        """The nearest entries, judged; in the order of their similarity."""
        question = analyse(text)
        exact = not self.embedder.leads(question.text)
        near = self.index.search(self.vector(text), scope, WIDER, exact=exact)
        nearest, rest = near[:NEIGHBOURS], near[NEIGHBOURS:]
        crowding = self._scopes.crowding(scope)
        found = [self._judge(question, one, crowding) for one in nearest]
        self._scopes.learn(scope, nearest, [one.vetoes for one in found])
        if rest and question.language and all(one.unexplained for one in found):
            alike = _most_alike(text, rest)
            found += [self._judge(question, one, crowding) for one in alike if _is_explained(question, one.entry.text)]
        return found

    def _judge(self, question: Question, neighbour: Neighbour, crowding: float) -> Candidate:
        other = analyse(neighbour.entry.text)
        same = question.text == other.text
        differences = () if same else tuple(unexplained(question.reading, other.reading))
        objections = tuple(vetoes(question, other)) if differences else ()
        row: tuple[float, ...] = ()
        probability = 0.0
        if same or not differences:
            probability = 1.0 if same else explained_probability(question, other)
        elif self._weighs(question, other, differences, objections):
            row = tuple(features(question, other, neighbour.similarity, crowding, self.idf))
            probability = self.model.probability(row)
        return Candidate(
            neighbour.entry, other.text, neighbour.similarity, differences, objections, row, probability, same
        )

    @staticmethod
    def _weighs(a: Question, b: Question, differences: Sequence[str], objections: Sequence[str]) -> bool:
        """The model was fitted on English, and the embedder is blind elsewhere."""
        return not objections and a.language == "en" and may_be_weighed(a.reading, b.reading, differences)


def _is_explained(question: Question, text: str) -> bool:
    other = analyse(text)
    return question.text == other.text or not unexplained(question.reading, other.reading)


def _most_alike(text: str, others: Sequence[Neighbour]) -> list[Neighbour]:
    """Return the READ of `others` that share most word beginnings with `text`."""
    beginnings = _beginnings(text)
    scored = [(_resemblance(beginnings, _beginnings(one.entry.text)), one) for one in others]
    scored.sort(key=itemgetter(0), reverse=True)
    return [one for score, one in scored[:READ] if score >= _RESEMBLANCE]


def _beginnings(text: str) -> set[str]:
    return {word[:4] for word in plain(text).split() if word[2:]}


def _resemblance(a: set[str], b: set[str]) -> float:
    """Return the share of common beginnings in the smaller set."""
    return len(a & b) / (min(len(a), len(b)) or 1)


def explained_probability(a: Question, b: Question) -> float:
    """The more words differ, the more explanations must hold: a raised threshold asks for fewer."""
    different = len(a.spoken ^ b.spoken)
    return sigmoid(max(_SURE - _EACH * different, _LEAST))


def decide(found: Sequence[Candidate], bar: float, weighing: float = 1.0) -> Decision:
    """Serve what is equal, explained or judged right from `bar` on, and what is unexplained from `weighing` on.

    A bar of 1, as for `quality`, serves only what is equal once normalised.
    """
    eligible = [one for one in found if one.probability >= (weighing if one.unexplained else bar)]
    best = max(eligible, key=lambda candidate: candidate.probability, default=None)
    if best is None:
        return Decision(None, "", max(found, key=lambda candidate: candidate.probability, default=None), bar)
    return Decision(best.entry, "normalized" if best.same else "semantic", best, bar)
