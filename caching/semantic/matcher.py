"""The path of a question through the semantic tier: normalise, embed, search, guard, decide."""

from __future__ import annotations

from collections.abc import Sequence

from caching.semantic.embedders.base import BaseEmbedder
from caching.semantic.guards import vetoes
from caching.semantic.indexes.base import BaseIndex, Entry, Neighbour, Vector
from caching.semantic.learn import Workload, signals
from caching.semantic.scoring.features import NAMES, features
from caching.semantic.scoring.idf import Idf
from caching.semantic.scoring.model import Model, packaged_idf, packaged_model
from caching.semantic.scoring.pair_verdicts import Learned
from caching.semantic.scoring.scope_density import Scopes
from caching.semantic.text.analysis import Question, analyse
from caching.semantic.text.normalize import plain
from caching.semantic.types import Candidate, Decision

NEIGHBOURS = 10
_NOTHING_UNMATCHED = NAMES.index("nothing_unmatched")


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
        self,
        text: str,
        scope: str,
        level: str,
        workload: Workload | None = None,
        learned: Learned | None = None,
        threshold: float | None = None,
    ) -> Decision:
        """The entry whose answer may be served at this level, by what a workload has taught where there is one.

        `learned`: what judges said of pairs and did to the bars; `threshold` takes the place of a bar. Raises
        EmbeddingError.
        """
        found = self.candidates(text, scope)
        self.learn(text)
        if workload is None:
            learned = learned or Learned()
            if threshold is None:
                threshold = learned.bar(level, self.model.bars.get(level, 1.0))
            return decide(learned.revise(text, scope, found), threshold)
        return decide_learned(text, found, workload)

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
        objections = [tuple(vetoes(question, other)) for other in stored]
        self._scopes.learn(scope, near, objections)
        crowding = self._scopes.crowding(scope)
        return [
            self._judge(question, other, neighbour, objection, crowding)
            for neighbour, other, objection in zip(near, stored, objections, strict=True)
        ]

    def _judge(
        self, question: Question, other: Question, neighbour: Neighbour, objection: tuple[str, ...], crowding: float
    ) -> Candidate:
        same = question.text == other.text
        row: tuple[float, ...] = ()
        probability = 1.0 if same else 0.0
        if not same and not objection:
            row = tuple(features(question, other, neighbour.similarity, crowding, self.idf))
            # The embedder is blind outside English, and the model was fitted on English: there, words must agree.
            told_apart = question.language != "en" and not row[_NOTHING_UNMATCHED]
            probability = 0.0 if told_apart else self.model.probability(row)
        vetoes = () if same else objection
        return Candidate(neighbour.entry, other.text, neighbour.similarity, vetoes, row, probability, same)


def decide(found: Sequence[Candidate], bar: float) -> Decision:
    """A bar of 1, as for `quality`, serves only what is equal once normalised."""
    best = max(found, key=lambda candidate: candidate.probability, default=None)
    if best is None or best.probability < bar:
        return Decision(None, "", best, bar)
    return Decision(best.entry, "normalized" if best.same else "semantic", best, bar)


def decide_learned(text: str, found: Sequence[Candidate], workload: Workload) -> Decision:
    """As `decide`, with probabilities and bar corrected by judgements; counts the question."""
    bar = workload.bar
    plain = decide(found, bar)
    if plain.best is None or plain.best.same or not plain.best.probability:
        workload.asked(0.0)
        return plain
    question = analyse(text)
    judged = [(one, signals(question, one, found)) for one in found if one.probability]
    best, told = max(judged, key=lambda pair: workload.corrected(pair[0].probability, pair[1]))
    probability = workload.corrected(best.probability, told)
    workload.asked(probability)
    served = probability >= bar
    return Decision(best.entry if served else None, "semantic" if served else "", best, bar, told)
