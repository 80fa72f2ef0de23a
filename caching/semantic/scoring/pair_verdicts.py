"""Verdicts of judges, as one process knows them: steps of the thresholds, and pairs judged right or wrong.

A pair is a question and an earlier one of the same scope. It is kept as a hash, so it holds without any text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from caching import keys
from caching.semantic.scoring import threshold
from caching.semantic.scoring.scope_evidence import ScopeCounts, Standing
from caching.semantic.text.normalize import normalize
from caching.semantic.types import Candidate

# About 15 MB. Beyond it the oldest are forgotten by the process; the database still has them.
MAX_PAIRS = 100_000
# Stands among the vetoes of a candidate.
JUDGED_WRONG = "judged_wrong"


def pair_of(scope: str, asked: str, stored: str) -> str:
    """Return the hash of "the answer to `stored` for the question `asked`", equal for texts that normalise alike."""
    return pair_of_keys(keys.semantic_key(scope, normalize(asked)), keys.semantic_key(scope, normalize(stored)))


def pair_of_keys(asked: str, stored: str) -> str:
    """The same, for two questions by their keys in Redis."""
    return hashlib.blake2b(f"{asked}\n{stored}".encode(), digest_size=12).hexdigest()


class Learned:
    """Nothing at first."""

    def __init__(self) -> None:
        self.steps: Mapping[str, int] = {}
        """Steps of the threshold by level. Replaced as a whole, never changed."""
        self.standings: Mapping[str, Standing] = {}
        """Scopes that have reviews. Replaced as a whole too."""
        self.counts = ScopeCounts()
        self._pairs: dict[str, bool] = {}

    def threshold(self, level: str, packaged: float) -> float:
        """The least probability at which a level serves."""
        return threshold.moved(packaged, self.steps.get(level, 0))

    def verdict(self, pair: str) -> bool | None:
        """Return True if the pair was judged right, False if wrong, None if nobody judged it."""
        return self._pairs.get(pair)

    def hear(self, pair: str, right: bool, *, final: bool = False) -> None:
        """Take note of a judgement. "Wrong" stands, unless who says "right" has the `final` word."""
        if self._pairs.get(pair) is False and right and not final:
            return
        if pair not in self._pairs and len(self._pairs) >= MAX_PAIRS:
            # Another thread may have taken the same one.
            self._pairs.pop(next(iter(self._pairs)), None)
        self._pairs[pair] = right

    @property
    def has_verdicts(self) -> bool:
        return bool(self._pairs)

    def revise(self, asked: str, scope: str, found: Sequence[Candidate]) -> list[Candidate]:
        """`found` with what judges said: wrong is never served again; right is certain where no guard objects."""
        if not self._pairs:
            return list(found)
        key = keys.semantic_key(scope, normalize(asked))
        return [one if one.vetoes else self._revised(one, key, keys.semantic_key(scope, one.text)) for one in found]

    def _revised(self, candidate: Candidate, asked: str, stored: str) -> Candidate:
        right = self.verdict(pair_of_keys(asked, stored))
        if right is None:
            return candidate
        if right:
            return candidate._replace(probability=1.0)
        return candidate._replace(probability=0.0, same=False, vetoes=(JUDGED_WRONG,))


# Of this process. `caching.feedback` keeps it up to date.
learned = Learned()
