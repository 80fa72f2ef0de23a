"""Every counter of the cache. The first two are promised to users with exactly these names and labels."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.samples import Sample

HITS = Counter("cache_hits", "Requests answered from the cache.", ["cache_type", "optimization_level"])
MISSES = Counter("cache_misses", "Requests looked up in the cache and not found.", ["cache_type", "optimization_level"])
BYPASSES = Counter(
    "cache_bypasses",
    "Requests not looked up: the caller asked for it, or the cache is off or away.",
    ["cache_type", "optimization_level"],
)
STALE = Counter("cache_stale_hits", "Hits past their time to live, because the provider failed.", ["cache_type"])
STORES = Counter("cache_stores", "Entries written.", ["cache_type", "optimization_level"])
SENTENCES = Counter("tts_sentences", "Sentences spoken, by where they came from.", ["outcome"])
SEMANTIC = Counter(
    "semantic_matches",
    "Answers found for a question that means the same, by how; in mode `shadow` they were not served.",
    ["optimization_level", "tier", "mode"],
)
JUDGEMENTS = Counter(
    "semantic_judgements",
    "Verdicts on answers from the cache, by who gave them; `model` is a random sample, `unclear` is no verdict.",
    ["optimization_level", "judge", "verdict"],
)
JUDGEMENTS_DROPPED = Counter(
    "semantic_judgements_dropped", "Answers that were to be judged and were not: too many were waiting.", ["judge"]
)
SEMANTIC_BAR = Gauge(
    "semantic_bar", "The least probability that is served.", ["optimization_level"], multiprocess_mode="mostrecent"
)
SEMANTIC_ERROR = Gauge(
    "semantic_error_per_question",
    "Wrong answers per question: the ends of the 95 % interval, as judged since the bar last moved.",
    ["optimization_level", "bound"],
    multiprocess_mode="mostrecent",
)
UNREADABLE = Counter("cache_unreadable_entries", "Values in Redis that could not be read and were removed.")
INDEX_ENTRIES = Gauge(
    "semantic_index_entries", "Questions that a worker finds by meaning.", multiprocess_mode="liveall"
)
REDIS_UP = Gauge("redis_up", "1 while every worker reaches Redis, 0 otherwise.", multiprocess_mode="livemin")
REDIS_ERRORS = Counter("redis_errors", "Failures of Redis, by kind.", ["kind"])

# The ledger's own figures: recorded by the same call that writes the database, so that the two cannot disagree.
REQUESTS = Counter("ledger_requests", "Requests, by how they ended.", ["cache_type", "outcome"])
COST = Counter("ledger_cost", "Money spent, in the currency of the price.", ["cache_type", "provider", "currency"])
SAVED = Counter(
    "ledger_saved",
    "What hits would have cost. Take ledger_overhead_total off for what was really saved.",
    ["cache_type", "provider", "currency"],
)
OVERHEAD = Counter(
    "ledger_overhead", "What of the cost the cache itself spent.", ["cache_type", "provider", "currency"]
)
UNPRICED = Counter("ledger_unpriced", "Requests whose price is not known.", ["cache_type", "provider"])
BILLED = Counter("ledger_billed_units", "Tokens, characters and seconds billed.", ["cache_type", "provider", "unit"])
SERVED = Counter(
    "ledger_served_units", "Tokens, characters and seconds from the cache.", ["cache_type", "provider", "unit"]
)
LEDGER_PENDING = Gauge("ledger_pending_rows", "Rows that wait for the database.", multiprocess_mode="livesum")
LEDGER_DROPPED = Counter("ledger_dropped_calls", "Rows of single calls given up; their sums are kept.")


def samples_of(gauge: Gauge) -> list[Sample]:
    """What a gauge says over all workers."""
    registry = CollectorRegistry()
    try:
        MultiProcessCollector(registry)
    except ValueError:
        # PROMETHEUS_MULTIPROC_DIR is not set, so this process is the only one.
        return [sample for metric in gauge.collect() for sample in metric.samples]
    names = {metric.name for metric in gauge.describe()}
    return [sample for metric in registry.collect() if metric.name in names for sample in metric.samples]


def by_worker(gauge: Gauge) -> dict[int, float]:
    """The value of a gauge of mode `liveall` in every worker, by process id."""
    return {int(sample.labels.get("pid", os.getpid())): sample.value for sample in samples_of(gauge)}


def forget_dead_workers() -> None:
    """Take what killed workers said last out of the gauges; a new worker does this when it starts."""
    for pid in by_worker(INDEX_ENTRIES):
        if not _is_alive(pid):
            mark_process_dead(pid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
