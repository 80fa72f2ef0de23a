"""Fit `caching/semantic/scoring/parameters.json` from labelled streams.

    python -m benchmarks.semantic.fit one_train.jsonl other_train.jsonl …

A line is a question and its label, `{"q": text, "c": label}`. docs/semantic.md says which files made the packaged one.

Every question is asked in turn of a store that holds all earlier ones; each candidate that no guard refuses is a
sample: its features, and whether the labels are equal. While features are computed, words are weighed by what the
*other* files tell, as they would be in traffic that nobody has seen. The weights must have the sign that reason gives
them: labels of intents alone would teach that a word more or less never matters. The thresholds are made for traffic
that is unlike all files: each file is left out of a fit in turn, and the threshold is the lowest at which none of them,
judged by the model that has not seen it, exceeds the error limit of the level.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from caching.semantic.embedders import get_embedder
from caching.semantic.evaluation import LabelledQuestion, read_stream
from caching.semantic.indexes import get_index
from caching.semantic.indexes.base import Entry
from caching.semantic.matcher import Matcher
from caching.semantic.scoring.features import NAMES
from caching.semantic.scoring.idf import Idf
from caching.semantic.scoring.model import PARAMETERS, Model
from caching.semantic.text.analysis import analyse

Floats = NDArray[np.float64]

# 1 and 3 wrong answers in 100 questions, less a margin of a fifth: what no file has shown. Its size was set with
# the totals of the measured files in view.
_LIMITS = {"balanced": 0.008, "speed": 0.024}
_MIN_SIMILARITY = 0.55
_PENALTY = 20.0
_SHUFFLES = 2
_RISES = {"cosine", "cosine_over_80", "cosine_over_90", "cosine_if_unmatched", "nothing_unmatched"}
_FREE = {"length", "shared_words", "shared_weight", "command"}
# They tell files apart, and four files are too few to fit that: chosen by hand, with the totals of the measured files
# in view; see docs/semantic.md.
_HELD = {"scope_crowding": -1.0, "rarest_in_crowded_scope": -5.0}
_HELD_WEIGHTS = np.array([_HELD.get(name, 0.0) for name in NAMES])
_SIGNS = np.array([1 if name in _RISES else 0 if name in _FREE else -1 for name in NAMES])


@dataclass(frozen=True, slots=True)
class Candidates:
    """All candidates of a stream in order, each with its question and the stored one."""

    questions: int
    asked: NDArray[np.int64]
    stored: NDArray[np.int64]
    same: NDArray[np.bool_]
    right: NDArray[np.bool_]
    rows: Floats

    def samples(self) -> tuple[Floats, Floats, Floats]:
        """Features, labels and weights of candidates that no guard rejects; every stream has the same weight."""
        judged = ~self.same & (self.rows[:, 0] > _MIN_SIMILARITY)
        count = int(judged.sum())
        return self.rows[judged], self.right[judged].astype(float), np.full(count, 1 / count)

    def served(self, probabilities: Floats, threshold: float) -> tuple[float, float]:
        """Hit rate and errors per question; an answered question is not stored."""
        answered = np.zeros(self.questions, bool)
        best: dict[int, int] = {}
        wrong = 0
        for at, (asked, stored) in enumerate(zip(self.asked.tolist(), self.stored.tolist(), strict=True)):
            if answered[stored] or probabilities[at] < threshold:
                continue
            if asked not in best or probabilities[at] > probabilities[best[asked]]:
                best[asked] = at
            answered[asked] = True
        wrong = sum(not self.right[at] for at in best.values())
        return len(best) / self.questions, wrong / self.questions


def main(paths: Sequence[Path]) -> None:
    streams = {path: read_stream(path) for path in paths}
    found = [
        candidates(path, seed, [other for name, other in streams.items() if name != path])
        for path in paths
        for seed in range(_SHUFFLES)
    ]
    bias, weights = fit(found)
    unseen = [chances for at in range(0, len(found), _SHUFFLES) for chances in _left_out(found, at)]
    thresholds = {level: lowest_threshold(found, unseen, limit) for level, limit in _LIMITS.items()}
    counts, documents = _words(streams.values())
    parameters = {
        "thresholds": thresholds,
        "bias": {"bias": round(bias, 5)},
        "weights": {name: round(float(weight), 5) for name, weight in zip(NAMES, weights, strict=True)},
        "documents": {"documents": documents},
        "idf": {word: count for word, count in sorted(counts.items()) if count > 1},
    }
    PARAMETERS.write_text(json.dumps(parameters, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(json.dumps({name: parameters[name] for name in ("thresholds", "bias", "weights")}, indent=1))


def candidates(path: Path, seed: int, others: Iterable[Sequence[LabelledQuestion]]) -> Candidates:
    stream = read_stream(path)
    Random(seed).shuffle(stream)
    embedder = get_embedder("wordllama")
    index = get_index("numpy", embedder.dimensions)
    matcher = Matcher(embedder, index, Idf(*_words(others)), Model(0.0, (0.0,) * len(NAMES), {}))
    found: list[tuple[int, int, bool, bool, tuple[float, ...]]] = []
    for at, asked in enumerate(stream):
        for one in matcher.candidates(asked.text, "fit"):
            if one.row or one.same:
                stored = int(one.entry.id)
                row = one.row or (0.0,) * len(NAMES)
                found.append((at, stored, one.same, stream[stored].label == asked.label, row))
        matcher.learn(asked.text)
        matcher.add(Entry(str(at), "fit", asked.text))
    columns = [np.array(column) for column in zip(*found, strict=True)]
    return Candidates(len(stream), *columns)


def fit(found: Sequence[Candidates]) -> tuple[float, Floats]:
    """Bias and weights of a logistic regression with a ridge penalty; features with the wrong sign are dropped."""
    samples = [each.samples() for each in found]
    rows, right, share = (np.concatenate(columns) for columns in zip(*samples, strict=True))
    share *= len(right) / share.sum()
    kept = np.flatnonzero(_HELD_WEIGHTS == 0)
    held = rows @ _HELD_WEIGHTS
    while True:
        bias, weights = _newton(rows[:, kept], right, share, held)
        wrong = weights * _SIGNS[kept] < 0
        if not wrong.any():
            break
        worst = np.argmax(np.where(wrong, np.abs(weights) * rows[:, kept].std(axis=0), 0.0))
        kept = np.delete(kept, worst)
    full = _HELD_WEIGHTS.copy()
    full[kept] = weights
    return bias, full


def _newton(rows: Floats, right: Floats, share: Floats, held: Floats) -> tuple[float, Floats]:
    """`held` is the part of the score that is not fitted."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    design = np.hstack([np.ones((len(rows), 1)), (rows - mean) / spread])
    penalty = np.diag([0.0, *[_PENALTY] * rows.shape[1]])
    beta = np.zeros(design.shape[1])
    beta[0] = -held.mean()
    for _ in range(20):
        chance = 1 / (1 + np.exp(-(design @ beta + held)))
        gradient = design.T @ (share * (chance - right)) + penalty @ beta
        curvature = (design * (share * chance * (1 - chance))[:, None]).T @ design + penalty
        beta -= np.linalg.solve(curvature, gradient)
    weights = beta[1:] / spread
    return float(beta[0] - weights @ mean), weights


def probabilities(each: Candidates, bias: float, weights: Floats) -> Floats:
    chances: Floats = 1 / (1 + np.exp(-(each.rows @ weights + bias)))
    return np.where(each.same, 1.0, chances)


def _left_out(found: Sequence[Candidates], at: int) -> list[Floats]:
    """Probabilities for the shuffles of the file that starts at `at`, from a fit of the other files."""
    bias, weights = fit([*found[:at], *found[at + _SHUFFLES :]])
    return [probabilities(each, bias, weights) for each in found[at : at + _SHUFFLES]]


def lowest_threshold(found: Sequence[Candidates], chances: Sequence[Floats], limit: float) -> float:
    """Lowest threshold at which every file, averaged over its shuffles, stays within `limit` errors per question."""
    for threshold in np.arange(0.5, 0.999, 0.002):
        errors = np.array([each.served(chance, threshold)[1] for each, chance in zip(found, chances, strict=True)])
        if errors.reshape(-1, _SHUFFLES).mean(axis=1).max() <= limit:
            return round(float(threshold), 3)
    return 0.999


def _words(streams: Iterable[Sequence[LabelledQuestion]]) -> tuple[Counter[str], int]:
    """Document frequency of each word, and the number of questions."""
    questions = [analyse(asked.text) for stream in streams for asked in stream]
    return Counter(word for question in questions for word in {*question.content, *question.function}), len(questions)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
