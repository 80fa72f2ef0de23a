"""The path of a question through the semantic tier: read, embed, search, explain, decide."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import get_args

from caching import tracing
from caching.redaction import on_forget
from caching.semantic.embedders.base import BaseEmbedder, Vectors
from caching.semantic.explanation import may_be_replaced, may_be_weighed, unexplained
from caching.semantic.guards import vetoes
from caching.semantic.indexes.base import BaseIndex, Entry, Neighbour, Vector
from caching.semantic.scoring.features import features
from caching.semantic.scoring.idf import Idf
from caching.semantic.scoring.model import Model, packaged_idf, packaged_model
from caching.semantic.scoring.pair_verdicts import Learned
from caching.semantic.scoring.scope_density import Scopes
from caching.semantic.scoring.scope_evidence import NEW
from caching.semantic.scoring.threshold import sigmoid
from caching.semantic.text.analysis import Question, analyse
from caching.semantic.text.fixed_words import fixed_words, may_be_explained
from caching.semantic.text.normalize import plain
from caching.semantic.text.reader import read
from caching.semantic.types import Candidate, Decision, Weighed

NEIGHBOURS = 10
# Neighbours among which an explained one is looked for where the nearest hold none: as many as these are read, which
# takes 0.4 ms each, and only with the same figures.
WIDER, READ = 30, 3
_FIGURES = re.compile(r"\d+")
# Questions whose vectors are kept until they come back as entries of the index, a kilobyte each.
MAX_FRESH = 256
# The level at which unexplained words may be weighed.
WEIGHING = "speed"
# Which differences are weighed: at `speed`, with reviews, and otherwise.
EVERYTHING: tuple[Weighed, ...] = get_args(Weighed)
CONTENT: tuple[Weighed, ...] = ("more", "other")
NOTHING: tuple[Weighed, ...] = ()
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
        self._fresh: dict[str, Vector] = {}
        on_forget(self._fresh.clear)

    def add(self, entry: Entry) -> None:
        """Make an entry findable. Raises EmbeddingError."""
        self.index.add(entry, self.vector(entry.text))

    def find(
        self,
        text: str,
        scope: str,
        level: str,
        learned: Learned | None = None,
        threshold: float | None = None,
        *,
        reviewed: bool = False,
    ) -> Decision:
        """The entry whose answer may be served at this level.

        `learned`: what reviewers said of pairs and did to the thresholds; `threshold` takes their place; `reviewed`:
        reviews are on, so near misses are weighed and counted. Raises EmbeddingError.
        """
        learned = learned or Learned()
        standing = learned.standings.get(scope, NEW)
        reviewed = reviewed or standing is not NEW
        weighed = EVERYTHING if reviewed else CONTENT if level == WEIGHING else NOTHING
        # A trace names the vetoes.
        skim = not (weighed or learned.has_verdicts or tracing.is_on())
        found = learned.revise(text, scope, self.candidates(text, scope, weighed, skim=skim))
        if not skim:
            # Skimming weighs no words.
            self.learn(text)
        least = threshold or 0.0
        if threshold is None:
            threshold = learned.threshold(level, self.model.thresholds.get(level, 1.0))
        weighing = self._scopes.weighing(scope, threshold) if level == WEIGHING else {}
        decision = decide(
            found,
            threshold,
            {kind: max(least, standing.threshold(level, weighing.get(kind, 1.0))) for kind in EVERYTHING},
        )
        if reviewed:
            learned.counts.count(scope, decision.place)
        return decision

    def learn(self, text: str) -> None:
        question = analyse(text)
        self.idf.learn({*question.content, *question.function})

    def vector(self, text: str) -> Vector:
        """Raises EmbeddingError."""
        vector: Vector = self.embedder.embed([plain(text)])[0]
        if self.embedder.slow:
            return vector  # its entries carry theirs
        if len(self._fresh) >= MAX_FRESH:
            self._fresh.clear()
        self._fresh[text] = vector
        return vector

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text. Those of the last questions, which come back as entries, are there already.

        Raises EmbeddingError.
        """
        known = [self._fresh.pop(text, None) for text in texts]
        missing = [plain(text) for text, vector in zip(texts, known, strict=True) if vector is None]
        made = iter(self.embedder.embed(missing) if missing else ())
        # Not at the top: see caching.semantic.embedders.base.
        import numpy as np

        return np.stack([next(made) if vector is None else vector for vector in known])

    def candidates(
        self, text: str, scope: str, weighed: Collection[Weighed] = CONTENT, *, skim: bool = False
    ) -> list[Candidate]:
        """The nearest entries, judged; in the order of their similarity.

        `weighed`: the differences to be weighed; `skim`: do not read what no rule can explain.
        """
        near = self.index.nearest(self.vector(text), scope, WIDER, exact=not self.embedder.leads(text))
        nearest = list(islice(near, NEIGHBOURS))
        tokenized = read(text)
        language = tokenized.language if tokenized else ""
        fixed = fixed_words(text, language)

        def is_possible(one: Neighbour) -> bool:
            return may_be_explained(fixed, fixed_words(one.entry.text, language), language)

        if skim:
            # Most questions are like no other, and need not be analysed.
            found = [self._explain(text, one) if is_possible(one) else _unexplained(one) for one in nearest]
        else:
            question, crowding = analyse(text), self._scopes.crowding(scope)
            found = [self._judge(question, one, crowding, weighed) for one in nearest]
            self._scopes.learn(scope, nearest, [one.vetoes for one in found])
        if language and all(one.unexplained for one in found):
            figures = set(_FIGURES.findall(text))
            possible = (one for one in near if set(_FIGURES.findall(one.entry.text)) == figures and is_possible(one))
            more = [self._explain(text, one) for one in islice(possible, READ)]
            found += [one for one in more if not one.unexplained]
        return found

    def _explain(self, text: str, neighbour: Neighbour) -> Candidate:
        """Judge an entry that is served if it is explained, and in no other case."""
        question, other = analyse(text), analyse(neighbour.entry.text)
        same = question.text == other.text
        if not same and unexplained(question.reading, other.reading):
            return _unexplained(neighbour)
        probability = 1.0 if same else explained_probability(question, other)
        return Candidate(neighbour.entry, other.text, neighbour.similarity, (), (), (), probability, same)

    def _judge(
        self, question: Question, neighbour: Neighbour, crowding: float, weighed: Collection[Weighed]
    ) -> Candidate:
        other = analyse(neighbour.entry.text)
        same = question.text == other.text
        differences = () if same else tuple(unexplained(question.reading, other.reading))
        objections = tuple(vetoes(question, other)) if differences else ()
        row: tuple[float, ...] = ()
        probability = 0.0
        kind: Weighed = ""
        if same or not differences:
            probability = 1.0 if same else explained_probability(question, other)
        elif weighed and not objections and question.language == "en":
            # The model was fitted on English, and the embedder is blind elsewhere.
            kind = _weighed(question, other, differences)
            if kind in weighed:
                row = tuple(features(question, other, neighbour.similarity, crowding, self.idf))
                probability = self.model.probability(row)
        return Candidate(
            neighbour.entry,
            other.text,
            neighbour.similarity,
            differences,
            objections,
            row,
            probability,
            same,
            kind,
        )


def _unexplained(neighbour: Neighbour) -> Candidate:
    return Candidate(neighbour.entry, neighbour.entry.text, neighbour.similarity, ("words",), (), (), 0.0, False)


def explained_probability(a: Question, b: Question) -> float:
    """The more words differ, the more explanations must hold: a raised threshold asks for fewer."""
    different = len(a.spoken ^ b.spoken)
    return sigmoid(max(_SURE - _EACH * different, _LEAST))


def _weighed(a: Question, b: Question, differences: Sequence[str]) -> Weighed:
    if may_be_weighed(a.reading, b.reading, differences):
        return "more"
    return "other" if may_be_replaced(a.reading, b.reading, differences) else ""


def decide(found: Sequence[Candidate], threshold: float, weighing: Mapping[str, float] | None = None) -> Decision:
    """Serve what is equal, explained or judged right from `threshold` on, and what is unexplained from `weighing` on,
    which holds a threshold by `Candidate.weighed`.

    A threshold of 1, as for `quality`, serves only what is equal once normalised.
    """
    unexplained_from = weighing or {}

    def least(one: Candidate) -> float:
        return unexplained_from.get(one.weighed, 1.0) if one.unexplained else threshold

    eligible = [one for one in found if one.probability >= least(one)]
    if not eligible:
        best = max(found, key=lambda one: one.probability, default=None)
        return Decision(None, "", best, least(best) if best else threshold)
    best = max(eligible, key=lambda one: (not one.unexplained, one.probability))
    return Decision(best.entry, "normalized" if best.same else "semantic", best, least(best))
