"""Row 8: a streamed miss: its first word, the CPU of a chunk, and the delay of words in 64 streams at once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.load import Ask
from benchmarks.speed.processes import cpu_seconds
from benchmarks.speed.stream_reader import read, streamed
from benchmarks.speed.yardstick import Yardstick

A_SECOND = 50
STREAMS = 64
# Streams whose difference in words, and in CPU, is that of the chunks.
FEW, SHORT, LONG = 8, 10, 200


def run(bench: Bench) -> Iterator[Figure]:
    provider = bench.provider(tokens_a_second=A_SECOND)
    gateway = bench.gateway(bench.redis(), provider)
    key = {"Authorization": f"Bearer {gateway.key}"}
    direct = Ask(f"{provider}/chat/completions", "")
    ours = Ask(f"{gateway.url}/v1/chat/completions", "", key, gateway.process.pid)
    yardstick = Yardstick(bench)
    yield from first_words(direct, ours, yardstick, 20 if bench.quick else 100)
    chunk_ms = chunk_cpu_ms(bench, ours)
    yardstick.measure()
    yield from yardstick.at_most(8, "CPU of a chunk", chunk_ms, 0.15)
    heard = read(questions(bench, ours, STREAMS, A_SECOND * bench.seconds))
    delays = sorted(delay for stream in heard for delay in stream.delays_ms)
    where = f"{STREAMS} streams of {A_SECOND} words a second: delay of a word"
    yield plain(8, f"{where}, p50", statistics.median(delays), "ms")
    yield at_most(8, f"{where}, p99", delays[int(0.99 * len(delays))], "ms", 20)


def questions(bench: Bench, ask: Ask, streams: int, words: int) -> list[Ask]:
    start = bench.fresh_numbers()
    return [streamed(ask, f"Tell me about {start + number}.", words) for number in range(streams)]


def first_words(direct: Ask, ours: Ask, yardstick: Yardstick, rounds: int) -> Iterator[Figure]:
    whole: dict[str, list[float]] = {"provider": [], "gateway": []}
    delays: dict[str, list[float]] = {"provider": [], "gateway": []}
    for number in range(rounds):
        for name, ask in (("provider", direct), ("gateway", ours)):
            began = time.monotonic()
            [heard] = read([streamed(ask, f"What is {number}?", 1)])
            whole[name].append((time.monotonic() - began) * 1000)
            delays[name].append(heard.delays_ms[0])
    yardstick.measure()
    yield plain(8, "a stream of one word from the provider itself: p50", statistics.median(whole["provider"]), "ms")
    added = statistics.median(whole["gateway"]) - statistics.median(whole["provider"])
    yield plain(8, "added to it by the gateway", added, "ms")
    came = statistics.median(delays["provider"])
    yield plain(8, "the first word from the provider itself, after it was sent: p50", came, "ms")
    passed_on = statistics.median(delays["gateway"]) - came
    yield from yardstick.at_most(8, "the first word passed on after it came, p50", passed_on, 8)


def chunk_cpu_ms(bench: Bench, ask: Ask) -> float:
    """CPU of a chunk of a long stream, without that of a call."""
    _cpu_and_chunks(bench, ask, SHORT)  # Warms up.
    short_cpu, few = _cpu_and_chunks(bench, ask, SHORT)
    long_cpu, many = _cpu_and_chunks(bench, ask, LONG)
    return 1000 * (long_cpu - short_cpu) / (many - few)


def _cpu_and_chunks(bench: Bench, ask: Ask, words: int) -> tuple[float, int]:
    before = cpu_seconds(ask.process)
    heard = read(questions(bench, ask, FEW, words))
    return cpu_seconds(ask.process) - before, sum(len(stream.delays_ms) for stream in heard)
