"""Fill Redis with answers, by a script that runs there."""

from __future__ import annotations

import time

from redis import Redis

STEP = 10_000
# ARGV: first number, how many, the time, seconds to live.
_FILL = """
for n = ARGV[1], ARGV[1] + ARGV[2] - 1 do
    local question = 'How do I change setting ' .. string.format('%d', n) .. ' of my account?'
    redis.call('SET', 'llm:exact:' .. string.format('%064x', n), cjson.encode({
        v = 2, question = question, answer = 'Open the settings and choose Account.', created = tonumber(ARGV[3]),
        level = 'balanced', by = 'client-' .. string.format('%d', n % 40), kept = 0
    }), 'EX', ARGV[4] + n % 3600)
end
"""


def fill(client: Redis, count: int) -> None:
    began = time.perf_counter()
    for first in range(0, count, STEP):
        client.eval(_FILL, 0, str(first), str(min(STEP, count - first)), str(time.time()), str(7 * 86_400))
    print(f"{count:12,} answers in Redis in {time.perf_counter() - began:.0f} s", flush=True)
