from __future__ import annotations

import contextlib
import socket
import time

from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.crowds import connected, request_bytes
from benchmarks.faults.load import Load, is_right
from benchmarks.faults.result import Result
from benchmarks.faults.site import site

TITLE = "slow bodies (1 byte a second): 300 of strangers, 100 of a client"
QUICK = False
STRANGERS = 300
"""More than both workers have threads: they are refused by their heads."""
CLIENTS = 100
"""Fewer: each of them holds a thread (docs/reliability.md, "What is not promised")."""


def run(*, quick: bool) -> Result:
    with site() as here:
        begun = request_bytes(here, "/api/chat/", {"query": "slow"}, length=10_000)
        refused = request_bytes(here, "/api/chat/", {"query": "slow"}, length=10_000, key="sg_nobody")
        with (
            connected(here, STRANGERS, refused) as strangers,
            connected(here, CLIENTS, begun) as clients,
            Load(here, [known_chat, known_speech, new_chat]) as load,
        ):
            served = load.seconds_until(is_right, patience=10)
            for _ in range(8):
                time.sleep(1)
                _send_a_byte([*strangers, *clients])
    result = load.result()
    result.require("others are served", served is not None)
    result.require_right()
    return result


def _send_a_byte(connections: list[socket.socket]) -> None:
    for one in connections:
        with contextlib.suppress(OSError):
            one.send(b" ")
