from __future__ import annotations

import contextlib
import socket
import time

from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.crowds import connected, request_bytes
from benchmarks.faults.load import Load, is_right
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import Site, site

TITLE = "slow bodies (1 byte a second): 300 without a key, 200 for the login, 200 of one client"
QUICK = False
# More threads than one key, or all forms together, may hold.
SLOW = 200
# More than the threads of both workers, but rejected by their headers.
REFUSED = 300
FORM = "application/x-www-form-urlencoded"


def run(*, quick: bool) -> DrillResult:
    with site() as here:
        another = here.server.new_client("slow")
        refused = _begun(here, "/api/chat/", {"Authorization": "Bearer sg_nobody"})
        begun = _begun(here, "/api/chat/", {"Authorization": f"Bearer {another}"})
        login = _begun(here, "/admin/login/", {"Content-Type": FORM, "Cookie": f"csrftoken={'c' * 32}"})
        with (
            connected(here, REFUSED, refused) as strangers,
            connected(here, SLOW, login) as browsers,
            connected(here, SLOW, begun) as clients,
            Load(here, [known_chat, known_speech, new_chat]) as load,
        ):
            served = load.seconds_until(is_right, patience=30)
            for _ in range(8):
                time.sleep(1)
                _send_a_byte([*strangers, *browsers, *clients])
    result = load.result()
    result.require("others are served", served is not None)
    result.require_right()
    return result


def _begun(here: Site, path: str, headers: dict[str, str]) -> bytes:
    return request_bytes(here, path, {"query": "slow"}, headers, length=10_000)


def _send_a_byte(connections: list[socket.socket]) -> None:
    for one in connections:
        with contextlib.suppress(OSError):
            one.send(b" ")
