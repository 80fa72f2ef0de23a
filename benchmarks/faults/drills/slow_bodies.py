from __future__ import annotations

import contextlib
import socket
import statistics
import time

from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.crowds import connected, request_bytes
from benchmarks.faults.load import Load, is_right
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import Site, site

TITLE = "slow bodies (1 byte a second): 300 of an invalid key, 300 of none, 300 of one key in 300 spellings, 200 logins"
QUICK = False
# More threads than all forms together may hold.
LOGINS = 200
# More than the threads of both workers.
MANY = 300
MAX_MS = 1000.0
FORM = "application/x-www-form-urlencoded"


def run(*, quick: bool) -> DrillResult:
    with site() as here:
        another = here.server.new_client("slow")
        invalid = _begun(here, "/api/chat/", {"Authorization": "Bearer sg_nobody"})
        without = _begun(here, "/api/chat/", {"Authorization": ""})
        spelled = [_begun(here, "/api/chat/", {"Authorization": one}) for one in _spellings(another)]
        login = _begun(here, "/admin/login/", {"Content-Type": FORM, "Cookie": f"csrftoken={'c' * 32}"})
        with (
            connected(here, [invalid] * MANY) as strangers,
            connected(here, [without] * MANY) as others,
            connected(here, [login] * LOGINS) as browsers,
            connected(here, spelled) as clients,
            Load(here, [known_chat, known_speech, new_chat]) as load,
        ):
            served = load.seconds_until(is_right, patience=30)
            for _ in range(8):
                time.sleep(1)
                _send_a_byte([*strangers, *others, *browsers, *clients])
    result = load.result()
    p99 = statistics.quantiles([one.seconds * 1000 for one in load.answered], n=100)[-1]
    result.seen.append(f"p99 of another client {p99:.0f} ms")
    result.require("others are served", served is not None)
    result.require("its p99 is below a second", p99 < MAX_MS)
    result.require_right()
    return result


def _spellings(key: str) -> list[str]:
    """Return MANY headers that mean the same key."""
    schemes = ("Bearer", "bearer", "BEARER", "bEaReR", "BeArEr")
    spaces = range(1, MANY // len(schemes) + 1)
    return [f"{scheme}{' ' * number}{key}" for scheme in schemes for number in spaces]


def _begun(here: Site, path: str, headers: dict[str, str]) -> bytes:
    return request_bytes(here, path, {"query": "slow"}, headers, length=10_000)


def _send_a_byte(connections: list[socket.socket]) -> None:
    for one in connections:
        with contextlib.suppress(OSError):
            one.send(b" ")
