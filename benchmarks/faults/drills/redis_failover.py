from __future__ import annotations

import time

from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.load import Load, is_hit, is_stored
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import new_site
from speechsite.tests.support.proxy import Proxy
from speechsite.tests.support.redis_server import RedisServer

TITLE = "Redis fails over to a replica behind the same address, `READONLY` at first"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    with (
        RedisServer() as primary,
        RedisServer("--replicaof", f"127.0.0.1 {primary.port}") as replica,
        Proxy(primary.port) as proxy,
        new_site(redis_url=f"redis://127.0.0.1:{proxy.port}/0") as here,
        Load(here, [known_chat, known_speech, new_chat]) as load,
    ):
        load.seconds_until(is_hit)
        time.sleep(2)
        primary.kill()
        proxy.switch_to(replica.port)
        begun = time.monotonic()
        time.sleep(4)
        hits = sum(is_hit(one.verdict) for one in load.since(begun))
        replica.client().execute_command("REPLICAOF", "NO", "ONE")
        recovered = load.seconds_until(is_stored)
    result = load.result()
    result.seen.append(f"{hits} hits from the replica before it took writes")
    result.require("a replica is read", hits > 0)
    result.require_recovery("stores again", recovered)
    result.require_right()
    return result
