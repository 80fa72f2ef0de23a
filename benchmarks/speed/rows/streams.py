"""Row 8: a streamed miss: its first word, the CPU of a chunk, and the delay of words in 64 streams at once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.load import Ask
from benchmarks.speed.processes import cpu_seconds
from benchmarks.speed.stream_reader import read, streamed
from benchmarks.speed.yardstick import Yardstick

A_SECOND = 50
STREAMS = 64
# Streams of one word between two measurements of the limit.
BETWEEN = 25
# Words of streams whose difference in CPU is that of the chunks.
SHORT, LONG = 10, 200


def run(bench: Bench) -> Iterator[Figure]:
    provider = bench.provider(tokens_a_second=A_SECOND)
    gateway = bench.gateway(bench.redis(), provider)
    key = {"Authorization": f"Bearer {gateway.key}"}
    direct = Ask(f"{provider}/chat/completions", "")
    ours = Ask(f"{gateway.url}/v1/chat/completions", "", key, gateway.process.pid)
    yardstick = Yardstick(bench)
    yield from first_words(direct, ours, yardstick, 20 if bench.quick else 100)
    yield from chunks(bench, ours, bench.limit_of_streams(provider), yardstick)
    heard = read(questions(bench, ours, STREAMS, A_SECOND * bench.seconds))
    delays = sorted(delay for stream in heard for delay in stream.delays_ms)
    where = f"{STREAMS} streams of {A_SECOND} words a second: delay of a word"
    yield plain(8, f"{where}, p50", statistics.median(delays), "ms")
    yield at_most(8, f"{where}, p99", delays[int(0.99 * len(delays))], "ms", 20)


def questions(bench: Bench, ask: Ask, streams: int, words: int, **fields: object) -> list[Ask]:
    start = bench.fresh_numbers()
    return [streamed(ask, f"Tell me about {start + number}.", words, **fields) for number in range(streams)]


def chunks(bench: Bench, ours: Ask, limit: Ask, yardstick: Yardstick) -> Iterator[Figure]:
    """Yield the CPU of a chunk, with and without the wait for it, and what of it belongs to the server and the system.

    A chunk that is waited for wakes two threads, and finds the processor's caches with the data of others.
    """
    waited, at_once = chunk_cpu_ms(bench, ours), chunk_cpu_ms(bench, ours, tokens_a_second=0)
    yardstick.measure()
    yield from yardstick.at_most(8, "CPU of a chunk", waited, 0.15)
    yield plain(8, "CPU of a chunk that a WSGI function passes on unread", chunk_cpu_ms(bench, limit), "ms")
    yield from yardstick.at_most(8, "CPU of a chunk that need not be waited for", at_once, 0.15)


def first_words(direct: Ask, ours: Ask, yardstick: Yardstick, rounds: int) -> Iterator[Figure]:
    whole: dict[str, list[float]] = {"provider": [], "gateway": []}
    delays: dict[str, list[float]] = {"provider": [], "gateway": []}
    for number in range(rounds):
        if number % BETWEEN == 0:
            yardstick.measure()
        for name, ask in (("provider", direct), ("gateway", ours)):
            began = time.monotonic()
            [heard] = read([streamed(ask, f"What is {number}?", 1)])
            whole[name].append((time.monotonic() - began) * 1000)
            delays[name].append(heard.delays_ms[0])
    yield plain(8, "a stream of one word from the provider itself: p50", statistics.median(whole["provider"]), "ms")
    added = statistics.median(whole["gateway"]) - statistics.median(whole["provider"])
    yield plain(8, "added to it by the gateway", added, "ms")
    came = statistics.median(delays["provider"])
    yield plain(8, "the first word from the provider itself, after it was sent: p50", came, "ms")
    passed_on = statistics.median(delays["gateway"]) - came
    yield from yardstick.at_most(8, "the first word passed on after it came, p50", passed_on, 8)


def chunk_cpu_ms(bench: Bench, ask: Ask, **fields: object) -> float:
    """CPU of the server for one more chunk of a stream, among as many streams as a busy worker has.

    Long streams without short ones, so without what a call costs. Background threads are in it: 2 % at this pace.
    """
    _cpu_and_chunks(bench, ask, SHORT, fields)  # Warms up.
    short_cpu, few = _cpu_and_chunks(bench, ask, SHORT, fields)
    long_cpu, many = _cpu_and_chunks(bench, ask, LONG, fields)
    return 1000 * (long_cpu - short_cpu) / (many - few)


def _cpu_and_chunks(bench: Bench, ask: Ask, words: int, fields: Mapping[str, object]) -> tuple[float, int]:
    before = cpu_seconds(ask.process)
    heard = read(questions(bench, ask, STREAMS, words, **fields))
    return cpu_seconds(ask.process) - before, sum(len(stream.delays_ms) for stream in heard)
