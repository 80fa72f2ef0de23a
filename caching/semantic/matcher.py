"""The path of a question through the semantic tier: read, embed, search, explain, decide."""

from __future__ import annotations

from collections.abc import Sequence

from caching.semantic.embedders.base import BaseEmbedder
from caching.semantic.explanation import unexplained
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
        return decide(found, threshold, weigh=level == WEIGHING and self._scopes.is_forgiving(scope))

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
        near = self.index.search(self.vector(text), scope, NEIGHBOURS, exact=exact)
        stored = [analyse(neighbour.entry.text) for neighbour in near]
        crowding = self._scopes.crowding(scope)
        found = [self._judge(question, other, one, crowding) for one, other in zip(near, stored, strict=True)]
        self._scopes.learn(scope, near, [one.vetoes for one in found])
        return found

    def _judge(self, question: Question, other: Question, neighbour: Neighbour, crowding: float) -> Candidate:
        same = question.text == other.text
        differences = () if same else tuple(unexplained(question.reading, other.reading))
        objections = tuple(vetoes(question, other)) if differences else ()
        row: tuple[float, ...] = ()
        if same or not differences:
            probability = 1.0 if same else explained_probability(question, other)
        elif objections or question.language != "en":
            # The model was fitted on English, and the embedder is blind elsewhere.
            probability = 0.0
        else:
            row = tuple(features(question, other, neighbour.similarity, crowding, self.idf))
            probability = self.model.probability(row)
        return Candidate(
            neighbour.entry, other.text, neighbour.similarity, differences, objections, row, probability, same
        )


def explained_probability(a: Question, b: Question) -> float:
    """The more words differ, the more explanations must hold: a raised threshold asks for fewer."""
    different = len(a.spoken ^ b.spoken)
    return sigmoid(max(_SURE - _EACH * different, _LEAST))


def decide(found: Sequence[Candidate], bar: float, *, weigh: bool = False) -> Decision:
    """Serve what is equal, explained or judged right; what is unexplained only where the scope lets it be weighed.

    A bar of 1, as for `quality`, serves only what is equal once normalised.
    """
    eligible = [one for one in found if weigh or not one.unexplained or one.probability == 1.0]
    best = max(eligible, key=lambda candidate: candidate.probability, default=None)
    if best is None or best.probability < bar:
        return Decision(None, "", max(found, key=lambda candidate: candidate.probability, default=None), bar)
    return Decision(best.entry, "normalized" if best.same else "semantic", best, bar)
