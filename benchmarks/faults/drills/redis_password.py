from __future__ import annotations

import time

from benchmarks.faults.asks import known_chat, known_speech
from benchmarks.faults.load import Load, is_hit
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import site

TITLE = "Redis restarted with another password, then with the right one"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    with site() as here, Load(here, [known_chat, known_speech]) as load:
        load.seconds_until(is_hit)
        here.redis.restart("--requirepass", "another")
        time.sleep(4)
        ready = here.server.request("GET", "/readyz").json()["redis"]
        here.redis.restart()
        recovered = load.seconds_until(is_hit)
    result = load.result()
    result.require("/readyz names the cause", "NOAUTH" in ready.get("reason", ""))
    result.require_recovery("hits", recovered)
    result.require_right()
    return result
