"""Streams at once through one worker, each with ten words a second."""

from __future__ import annotations

from benchmarks.growth.curve import Curve
from benchmarks.speed.bench import Bench
from benchmarks.speed.load import Ask
from benchmarks.speed.processes import cpu_seconds
from benchmarks.speed.rows.streams import questions
from benchmarks.speed.stream_reader import read

STREAMS = (1, 8, 32, 64, 128, 250, 500)
A_SECOND, SECONDS = 10, 5


def run(bench: Bench) -> list[Curve]:
    # A stream holds a thread, and a quarter of the threads is kept for other requests; 128 are the default.
    provider = bench.provider(tokens_a_second=A_SECOND)
    gateway = bench.gateway(bench.redis(), provider, THREADS="768")
    key = {"Authorization": f"Bearer {gateway.key}"}
    ask = Ask(f"{gateway.url}/v1/chat/completions", "", key, gateway.process.pid)
    delay = Curve(
        "delay of a word, p99", "streams", "ms", "a word waits for the interpreter while others are passed on"
    )
    spent = Curve("CPU of a word", "streams", "ms", "of the whole stream: its call too")
    read(questions(bench, ask, 8, A_SECOND))
    for streams in STREAMS[:4] if bench.quick else STREAMS:
        before = cpu_seconds(ask.process)
        heard = read(questions(bench, ask, streams, A_SECOND * SECONDS))
        delays = sorted(delay for stream in heard for delay in stream.delays_ms)
        spent.add(streams, 1000 * (cpu_seconds(ask.process) - before) / len(delays))
        delay.add(streams, delays[int(0.99 * len(delays))])
    return [delay, spent]
