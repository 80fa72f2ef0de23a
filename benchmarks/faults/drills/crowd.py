from __future__ import annotations

import json
import resource

from benchmarks.faults.asks import answer, known_chat, question
from benchmarks.faults.crowds import Reply, all_at_once, request_bytes
from benchmarks.faults.load import Load, is_right
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import site

TITLE = "10,000 clients connect at once"
QUICK = False
CLIENTS = 10_000
PATIENCE = 120.0


def run(*, quick: bool) -> DrillResult:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CLIENTS + 1000:
        return DrillResult(skipped=f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    result = DrillResult(sent=CLIENTS)
    with site() as here:
        known_chat(here, 1)
        replies = all_at_once(here, request_bytes(here, "/api/chat/", {"query": question(1)}), CLIENTS, PATIENCE)
        with Load(here, [known_chat]) as load:
            recovered = load.seconds_until(is_right)
    for reply in replies:
        result.count(_kind(reply), reply.seconds)
    result.require_recovery("others are served", recovered)
    result.require_right()
    return result


def _kind(reply: Reply) -> str:
    if reply.status != 200:
        return "failed"
    return "right" if json.loads(reply.body)["text"] == answer(question(1)) else "wrong"
