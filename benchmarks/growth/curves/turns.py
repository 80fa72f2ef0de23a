"""Turns of a conversation that is sent whole with each question."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing

from benchmarks.growth.curve import Curve
from benchmarks.speed.bench import Bench
from benchmarks.speed.load import MODEL, NUMBER, Ask, put
from benchmarks.speed.processes import cpu_seconds
from speechsite.tests.support.server import Server

TURNS = (1, 5, 20, 100, 500)
# Of a conversation that is stored: the size of its turn of this number, and the mean CPU of so many turns after it.
CONTINUED, AVERAGED = (1, 20, 100, 500), 15
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
    return [hit, miss, *continued(gateway, CONTINUED[:2] if bench.quick else CONTINUED)]


def continued(gateway: Server, sizes: Sequence[int]) -> list[Curve]:
    """Measure a conversation that names its last response and sends only its new turn."""
    spent = Curve("CPU of a turn with `previous_response_id`", "turns", "ms", "the earlier ones are read and passed on")
    stored = Curve("database for such a turn", "turns", "kB", "each response keeps its whole conversation")
    last = ""
    for number, size in enumerate(sizes):
        for turn in range(sizes[number - 1] + AVERAGED if number else 0, size):
            last = _turn(gateway, last, f"{ASKED} {turn}")
        stored.add(size, _largest_stored_bytes(gateway) / 1000)
        before = cpu_seconds(gateway.process.pid)
        for turn in range(size, size + AVERAGED):
            last = _turn(gateway, last, f"{ASKED} {turn}")
        spent.add(size, 1000 * (cpu_seconds(gateway.process.pid) - before) / AVERAGED)
    return [spent, stored]


def _largest_stored_bytes(gateway: Server) -> int:
    with closing(sqlite3.connect(gateway.directory / "db.sqlite3")) as database:
        sizes = "SELECT max(length(body) + length(input) + length(earlier)) FROM speech_storedresponse"
        return int(database.execute(sizes).fetchone()[0])


def _turn(gateway: Server, previous: str, text: str) -> str:
    """Return the id of the response."""
    body = {"model": MODEL, "input": text, "store": True, **({"previous_response_id": previous} if previous else {})}
    response = gateway.request("POST", "/v1/responses", json=body)
    if response.status != 200:
        raise RuntimeError(response.data.decode())
    return str(response.json()["id"])


def conversation(turns: int, last: str) -> str:
    """A body with `turns` questions, the last of which is `last`."""
    messages = [{"role": "system", "content": "You help customers of a shop."}]
    for turn in range(turns - 1):
        messages += [{"role": "user", "content": f"{ASKED} {turn}"}, {"role": "assistant", "content": ANSWERED}]
    return json.dumps({"model": MODEL, "messages": [*messages, {"role": "user", "content": last}]})
