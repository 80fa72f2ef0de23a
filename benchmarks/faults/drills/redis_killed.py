from __future__ import annotations

import time

from benchmarks.faults.asks import answer, known_chat, known_speech, new_chat
from benchmarks.faults.load import Load, is_hit
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import Site, site

TITLE = "Redis `kill -9`, restarted empty"
QUICK = True
ASKED, MEANT = "How do I reset my password?", "how do i reset my password"


def run(*, quick: bool) -> DrillResult:
    with site() as here:
        with Load(here, [known_chat, known_speech, new_chat]) as load:
            load.seconds_until(is_hit)
            here.redis.kill()
            time.sleep(2 if quick else 4)
            here.redis.start()
            recovered = load.seconds_until(is_hit)
        result = load.result()
        result.require_recovery("hits", recovered, 60 if quick else 10)
        result.require("the semantic tier finds what is stored afterwards", _is_found_by_meaning(here))
    result.require_right()
    return result


def _is_found_by_meaning(here: Site) -> bool:
    deadline = time.monotonic() + 60
    # On a busy machine a worker may take Redis for away once more, and then stores nothing.
    while here.server.chat(ASKED).headers["X-Cache"] != "HIT" and time.monotonic() < deadline:
        time.sleep(0.2)
    return bool(here.server.chat_until_matched(MEANT).json()["text"] == answer(ASKED))
