"""All counters of the cache. Names and labels of the first two are a contract with users."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.samples import Sample

HITS = Counter("cache_hits", "Requests answered from the cache.", ["cache_type", "optimization_level"])
MISSES = Counter("cache_misses", "Requests not found in the cache.", ["cache_type", "optimization_level"])
BYPASSES = Counter(
    "cache_bypasses",
    "Requests that skipped the cache: requested by the client, or Redis is off or disconnected.",
    ["cache_type", "optimization_level"],
)
STALE = Counter("cache_stale_hits", "Expired entries served because the provider failed.", ["cache_type"])
STORES = Counter("cache_stores", "Entries written.", ["cache_type", "optimization_level"])
NOT_STORED = Counter(
    "cache_not_stored",
    "Answers passed on and not stored: chunks that contradict each other (`assembly`), no equal stream (`replay`).",
    ["cache_type", "reason"],
)
SENTENCES = Counter("tts_sentences", "Synthesized sentences, by cache result.", ["outcome"])
EMBEDDED = Counter("embedding_inputs", "Inputs of embedding requests, by cache result.", ["outcome"])
SEMANTIC = Counter(
    "semantic_matches",
    "Semantic matches, by tier; in mode `shadow` they were not served.",
    ["optimization_level", "tier", "mode"],
)
JUDGEMENTS = Counter(
    "semantic_judgements",
    "Reviews of cached answers, by reviewer; `model` is a random sample, `unclear` means no verdict.",
    ["optimization_level", "judge", "verdict"],
)
JUDGEMENTS_DROPPED = Counter("semantic_judgements_dropped", "Reviews skipped because the queue was full.", ["judge"])
SEMANTIC_THRESHOLD = Gauge(
    "semantic_threshold",
    "Confidence threshold for serving a semantic match.",
    ["optimization_level"],
    multiprocess_mode="mostrecent",
)
# The old name of the same gauge; CHANGELOG says when it goes.
SEMANTIC_BAR = Gauge(
    "semantic_bar", "Deprecated: use semantic_threshold.", ["optimization_level"], multiprocess_mode="mostrecent"
)
SEMANTIC_ERROR = Gauge(
    "semantic_error_per_question",
    "Wrong answers per question since the threshold last changed: bounds of the 95 % confidence interval.",
    ["optimization_level", "bound"],
    multiprocess_mode="mostrecent",
)
UNREADABLE = Counter("cache_unreadable_entries", "Unreadable values deleted from Redis.")
INDEX_ENTRIES = Gauge(
    "semantic_index_entries", "Questions in the semantic index of a worker.", multiprocess_mode="liveall"
)
ARCHIVE_READS = Counter("audio_archive_reads", "Entries looked up in the audio archive, by result.", ["outcome"])
ARCHIVE_WRITES = Counter("audio_archive_writes", "Entries written to the audio archive.")
ARCHIVE_ERRORS = Counter("audio_archive_errors", "Failures of the folder or bucket of the audio archive.")
REDIS_UP = Gauge("redis_up", "1 if every worker is connected to Redis, else 0.", multiprocess_mode="livemin")
REDIS_ERRORS = Counter("redis_errors", "Redis errors, by kind.", ["kind"])

# The ledger's own figures: recorded by the same call that writes the database, so that the two cannot disagree.
REQUESTS = Counter("ledger_requests", "Requests, by result.", ["cache_type", "outcome"])
COST = Counter("ledger_cost", "Provider cost, in the currency of the price.", ["cache_type", "provider", "currency"])
SAVED = Counter(
    "ledger_saved",
    "Provider cost avoided by hits. Subtract ledger_overhead_total for net savings.",
    ["cache_type", "provider", "currency"],
)
OVERHEAD = Counter(
    "ledger_overhead",
    "Part of the cost caused by the cache itself, such as reviews.",
    ["cache_type", "provider", "currency"],
)
UNPRICED = Counter("ledger_unpriced", "Requests with unknown price.", ["cache_type", "provider"])
BILLED = Counter(
    "ledger_billed_units",
    "Tokens, characters and audio seconds billed by providers.",
    ["cache_type", "provider", "unit"],
)
SERVED = Counter(
    "ledger_served_units",
    "Tokens, characters and audio seconds served from the cache.",
    ["cache_type", "provider", "unit"],
)
LEDGER_PENDING = Gauge(
    "ledger_pending_rows", "Rows waiting to be written to the database.", multiprocess_mode="livesum"
)
LEDGER_DROPPED = Counter(
    "ledger_dropped_calls",
    "Call rows dropped because the buffer was full, whose totals are kept, and rows that no database takes.",
)


class _LiveCollector(MultiProcessCollector):
    """Metrics of all workers; gauges without those of workers that have ended."""

    def collect(self) -> Iterable[Metric]:
        for path in Path(self._path).glob("gauge_live*_*.db"):
            if not _is_alive(int(path.stem.rpartition("_")[2])):
                # Another worker may do the same just now.
                path.unlink(missing_ok=True)
        return super().collect()


def registry() -> CollectorRegistry:
    """Return the metrics of all workers, or of this process if it is the only one."""
    found = CollectorRegistry()
    try:
        _LiveCollector(found)
    except ValueError:
        # PROMETHEUS_MULTIPROC_DIR is not set.
        return REGISTRY
    return found


def samples_of(gauge: Gauge) -> list[Sample]:
    """Return the samples of a gauge over all workers."""
    everything = registry()
    if everything is REGISTRY:
        return [sample for metric in gauge.collect() for sample in metric.samples]
    names = {metric.name for metric in gauge.describe()}
    return [sample for metric in everything.collect() if metric.name in names for sample in metric.samples]


def by_worker(gauge: Gauge) -> dict[int, float]:
    """Return the values of a `liveall` gauge by process id."""
    return {int(sample.labels.get("pid", os.getpid())): sample.value for sample in samples_of(gauge)}


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
