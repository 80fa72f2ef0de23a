"""Look-ups by meaning in a vector set of Redis 8: REDIS_URL=… python -m benchmarks.speed.vectorset SIZE ….

Prints a JSON object for each size: the median of a look-up in milliseconds, and how often its nearest entry is the one
that an exact search over the same vectors finds.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import django
import numpy as np

django.setup()

from benchmarks.speed.questions import many, reworded  # noqa: E402
from caching.semantic.embedders import get_embedder  # noqa: E402
from caching.semantic.indexes import get_index  # noqa: E402
from caching.semantic.indexes.base import Entry  # noqa: E402
from caching.semantic.matcher import NEIGHBOURS, Matcher  # noqa: E402

BATCH = 1000
ASKED = 200
# Maximum error of a cosine in a vector set, which stores vectors as 8-bit integers.
EIGHT_BITS = 0.003


def main(sizes: list[int]) -> None:
    embedder = get_embedder("wordllama")
    index = get_index("vectorset", embedder.dimensions, sizes[-1], embedder.identity)
    matcher = Matcher(embedder, index)
    texts = many(sizes[-1])
    vectors = np.empty((sizes[-1], embedder.dimensions), np.float32)
    held = 0
    for size in sizes:
        began, added = time.perf_counter(), size - held
        while held < size:
            batch = texts[held : min(held + BATCH, size)]
            vectors[held : held + len(batch)] = embedder.embed(batch)
            for text, vector in zip(batch, vectors[held:], strict=False):
                index.add(Entry(text, "scope", text), vector)
            held += len(batch)
        to_add = (time.perf_counter() - began) * 1000 / added
        asked = [reworded(text) for text in texts[: size : size // ASKED]]
        times = []
        for text in asked:
            began = time.perf_counter()
            matcher.find(text, "scope", "balanced")
            times.append((time.perf_counter() - began) * 1000)
        # Not in between: it reads all vectors, and nothing else is left in the processor's cache afterwards.
        found = 0
        for text in asked:
            vector = matcher.vector(text)
            nearest = index.search(vector, "scope", NEIGHBOURS)[0].similarity
            found += nearest >= float((vectors[:size] @ vector).max()) - EIGHT_BITS
        figures = {"lookup_ms": statistics.median(times), "recall": found / len(times), "add_ms": to_add}
        print(json.dumps({"size": size, **figures}), flush=True)


if __name__ == "__main__":
    main(sorted(map(int, sys.argv[1:])))
