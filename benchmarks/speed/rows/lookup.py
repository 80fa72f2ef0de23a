"""Rows 6 and 13: time and recall of a semantic lookup by number of entries.

Measured in this process; recall is relative to an exact search.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import django

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_least, plain
from benchmarks.speed.questions import others, pairs
from caching.semantic.embedders import get_embedder
from caching.semantic.indexes import get_index
from caching.semantic.indexes.base import Entry
from caching.semantic.matcher import NEIGHBOURS, Matcher

PASSES = 1
SIZES = (1_000, 10_000, 100_000, 1_000_000)
BATCH = 1000


def run(bench: Bench) -> Iterator[Figure]:
    django.setup()
    embedder = get_embedder("wordllama")
    matcher = Matcher(embedder, get_index("numpy", embedder.dimensions, SIZES[-1], embedder.identity, embedder.leading))
    asked = pairs(50 if bench.quick else 200)
    for question, _ in asked:
        matcher.add(Entry(question, "scope", question))
    texts = list(others(SIZES[-1] - len(asked)))
    for size in SIZES[:2] if bench.quick else SIZES:
        while (held := len(matcher.index)) < size:
            batch = texts[held - len(asked) : min(held + BATCH, size) - len(asked)]
            for text, vector in zip(batch, embedder.embed(batch), strict=True):
                matcher.index.add(Entry(text, "scope", text), vector)
        times = []
        for _, other_words in asked:
            began = time.perf_counter()
            matcher.find(other_words, "scope", "balanced")
            times.append((time.perf_counter() - began) * 1000)
        yield plain(13, f"lookup among {size} entries", statistics.median(times), "ms")
        found = sum(_nearest_found(matcher, other_words) for _, other_words in asked)
        yield at_least(6, f"nearest found among {size:,} entries", found / len(asked), "", 0.98)


def _nearest_found(matcher: Matcher, text: str) -> bool:
    vector = matcher.vector(text)
    found, nearest = (matcher.index.search(vector, "scope", NEIGHBOURS, exact=exact)[0] for exact in (False, True))
    return found.entry.id == nearest.entry.id
