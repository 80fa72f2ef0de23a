"""Row 16: other gateways beside this one: one call at a time, hits, streams, memory."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil

from benchmarks.speed.alternate import measure
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, plain
from benchmarks.speed.load import Ask
from benchmarks.speed.processes import pss_mb
from benchmarks.speed.rows.exact_hits import BODY, V1
from benchmarks.speed.rows.misses import BODY as NEW
from benchmarks.speed.rows.streams import A_SECOND, chunk_cpu_ms, questions
from benchmarks.speed.stream_reader import read
from benchmarks.speed.yardstick import Yardstick

PASSES = 1
STREAMED = 30
ALIVE = BODY.replace("a cache", "a gateway")


@dataclass(frozen=True, slots=True)
class Peer:
    call: Ask
    # None: it has no cache.
    hit: Ask | None
    streams: bool = True


def run(bench: Bench) -> Iterator[Figure]:
    if bench.quick:
        return
    # One that answers calls at once, and streams at the pace of a model.
    provider = bench.provider(tokens_a_second=A_SECOND)
    peers = _started(bench, provider)
    yield from _calls(bench, f"{provider}/chat/completions", peers)
    for name, peer in peers.items():
        if peer.streams:
            yield plain(16, f"{name}: CPU of a chunk of a streamed miss", chunk_cpu_ms(bench, peer.call), "ms")
            delays = [read(questions(bench, peer.call, 1, 1))[0].delays_ms[0] for _ in range(STREAMED)]
            yield plain(16, f"{name}: the first word passed on, p50", statistics.median(delays), "ms")
        yield plain(16, f"{name}: memory with one worker", _memory_mb(peer.call.process), "MB")


def _started(bench: Bench, provider: str) -> dict[str, Peer]:
    redis = bench.redis()
    gateway = bench.gateway(redis, provider)
    key = {"Authorization": f"Bearer {gateway.key}"}
    call, hit = (Ask(f"{gateway.url}{V1}", body, key, gateway.process.pid) for body in (NEW, BODY))
    peers = {"gateway": Peer(call, hit)}
    for name, rust in (("LiteLLM", False), ("LiteLLM with LITELLM_RUST=1", True)):
        if proxy := bench.litellm(redis, provider, rust=rust):
            peers[name] = Peer(proxy.ask(NEW), proxy.ask(BODY))
    if portkey := bench.portkey(provider, ALIVE):
        # Its streams are answered with 500, "TypeError: immutable" in node's own fetch.
        peers["Portkey"] = Peer(portkey.ask(NEW), None, streams=False)
    return peers


def _calls(bench: Bench, provider: str, peers: Mapping[str, Peer]) -> Iterator[Figure]:
    calls = {name: peer.call for name, peer in peers.items()}
    hits = {f"{name}, hit": peer.hit for name, peer in peers.items() if peer.hit}
    beside = {"limit": Yardstick(bench).ask, "provider": Ask(provider, NEW)}
    rounds = measure(bench, {**beside, **calls, **hits}, 1)
    direct = rounds.median("provider")
    for name in calls:
        took = rounds.median(name)
        yield plain(16, f"{name}: added to one call, p50", took.p50_ms - direct.p50_ms, "ms")
        yield plain(16, f"{name}: the same in limits", rounds.added(name, "provider"), "limits")
        yield plain(16, f"{name}: CPU of a call", took.cpu_ms, "ms")
    for name in hits:
        yield plain(16, f"{name}: p50", rounds.median(name).p50_ms, "ms")
    yield plain(16, "the limit: p50", rounds.median("limit").p50_ms, "ms")


def _memory_mb(server: int) -> float:
    """Return the memory of a server and its children, except Redis."""
    root = psutil.Process(server)
    return pss_mb(*(one for one in (root, *root.children(recursive=True)) if "redis" not in one.name()))
