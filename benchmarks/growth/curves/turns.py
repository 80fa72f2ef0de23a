"""Turns of a conversation that is sent whole with each question."""

from __future__ import annotations

import json

from benchmarks.growth.curve import Curve
from benchmarks.speed.bench import Bench
from benchmarks.speed.load import NUMBER, Ask, put
from benchmarks.speed.peers.litellm import MODEL

TURNS = (1, 5, 20, 100, 500)
ASKED = "I would like to change the delivery address of my last order, please."
ANSWERED = "Of course. Tell me the number of the order and the new address, and I will see to it."
V1 = "/v1/chat/completions"


def run(bench: Bench) -> list[Curve]:
    gateway = bench.gateway(bench.redis(), bench.provider())
    key = {"Authorization": f"Bearer {gateway.key}"}
    why = "all turns are read, checked and hashed, and passed on by a miss"
    hit, miss = Curve("CPU of a hit", "turns", "ms", why), Curve("CPU of a miss", "turns", "ms", why)
    for turns in TURNS[:3] if bench.quick else TURNS:
        same = Ask(f"{gateway.url}{V1}", conversation(turns, "Where is it?"), key, gateway.process.pid)
        new = Ask(same.url, conversation(turns, f"Where is {NUMBER}?"), key, gateway.process.pid)
        put(same, connections=1, seconds=1)
        hit.add(turns, put(same, connections=1, seconds=bench.seconds).cpu_ms)
        miss.add(turns, put(new, connections=1, seconds=bench.seconds, start=bench.fresh_numbers()).cpu_ms)
    return [hit, miss]


def conversation(turns: int, last: str) -> str:
    """A body with `turns` questions, the last of which is `last`."""
    messages = [{"role": "system", "content": "You help customers of a shop."}]
    for turn in range(turns - 1):
        messages += [{"role": "user", "content": f"{ASKED} {turn}"}, {"role": "assistant", "content": ANSWERED}]
    return json.dumps({"model": MODEL, "messages": [*messages, {"role": "user", "content": last}]})
