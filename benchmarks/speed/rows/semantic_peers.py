"""Row 17: semantic hits beside GPTCache's server, which has the same embedder and the same questions."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, plain
from benchmarks.speed.questions import pairs

PASSES = 1
ASKED = 200


def run(bench: Bench) -> Iterator[Figure]:
    if bench.quick or (cache := bench.gptcache()) is None:
        return
    gateway = bench.gateway(bench.redis(), bench.provider())
    asked = pairs(ASKED)
    for question, _ in asked:
        gateway.chat(question)
        cache.put(question, f"You said: {question}. That is all.")

    def ask_gateway(question: str) -> bool:
        return gateway.chat(question).headers.get("X-Cache-Match") == "semantic"

    def ask_cache(question: str) -> bool:
        return cache.get(question) is not None

    for name, ask in (("gateway", ask_gateway), ("GPTCache", ask_cache)):
        took, found = _asked([other_words for _, other_words in asked], ask)
        yield plain(17, f"{name}: semantic hit among {ASKED} entries, p50", took, "ms")
        yield plain(17, f"{name}: found", 100 * found, "%")


def _asked(questions: list[str], ask: Callable[[str], bool]) -> tuple[float, float]:
    """Median time in milliseconds, and the share that was found."""
    times, found = [], 0
    for question in questions:
        began = time.perf_counter()
        found += ask(question)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), found / len(questions)
