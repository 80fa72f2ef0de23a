"""The reason why a question was not served an answer that fits, for `semantic_eval`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caching.semantic.explanation import leftovers, unexplained
from caching.semantic.text.analysis import Question, analyse
from caching.semantic.text.reading import Reading

# Stored questions of the same label that a miss is compared with: the latest.
COMPARED = 20
NOT_READ, NOT_NEAR, THRESHOLD = "not read", "not among the nearest", "threshold"


@dataclass(frozen=True, slots=True)
class Missed:
    """A miss, and the stored question with the same answer that it differs least from."""

    asked: str
    stored: str
    reasons: tuple[str, ...]
    words: tuple[str, ...]
    """Those that only one of the two has, and no rule explains."""


def missed(asked: str, stored: Sequence[str]) -> Missed:
    question = analyse(asked)
    return min((_compare(question, asked, each) for each in stored[-COMPARED:]), key=_distance)


def _compare(question: Question, asked: str, stored: str) -> Missed:
    other = analyse(stored)
    if not question.language or not other.language:
        return Missed(asked, stored, (NOT_READ,), ())
    differences = unexplained(question.reading, other.reading)
    only_a, only_b = leftovers(question.reading, other.reading)
    return Missed(asked, stored, tuple(differences) or (NOT_NEAR,), (*only_a, *only_b))


def _distance(found: Missed) -> tuple[bool, int]:
    return found.reasons == (NOT_READ,), len(found.words) + len(found.reasons)


def as_read(text: str) -> str:
    """The phrases of a question as they are compared: "turn_on light | in kitchen | @7_pm"."""
    reading = analyse(text).reading
    if not reading.language:
        return "(not read: matched by its exact text)"
    parts = [" ".join(reading.bare), *(f"{each.holder} {' '.join(each.words)}" for each in reading.held)]
    return " | ".join([*filter(None, parts), *_times(reading), *sorted(reading.owners)])


def _times(reading: Reading) -> list[str]:
    return [f"{holder} {time}".strip() for holder, time in reading.times]
