"""Cost of cache rules on an exact hit: with and without them in turns, in one process.

    python -m benchmarks.cache_rules

Needs REDIS_URL and a migrated DATABASE_URL.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median

import django

ROUNDS, CALLS = 60, 100
TEXT = "Where is my order? It should have come two days ago."


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speechsite.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    django.setup()
    from caching.llm.request import ChatQuery
    from caching.models import CacheRule
    from caching.policy import Policy
    from caching.rules import engine
    from speech import services
    from speech.models import Client
    from speech.providers.base import ChatRequest
    from speech.routing import cache_query

    client = Client.objects.get_or_create(name="cache-rules")[0]

    def hit() -> None:
        messages = [{"role": "user", "content": (TEXT + " ")[:-1]}]
        services.chat(client=client, request=ChatRequest(messages=messages), policy=Policy(), provider="demo")

    def use(rules: int) -> None:
        made = [
            CacheRule(name=f"rule {n}", client=f"client {n}", ttl=60, text="x", text_match="contains")
            for n in range(rules)
        ]
        engine.rule_book = lambda: engine.RuleBook(made)

    policy = Policy()
    messages = [{"role": "user", "content": TEXT}]
    question = ChatQuery("scope", "demo", "m", messages, {"temperature": 0.7}, asked_by="a")

    def check_alone() -> None:
        hook(policy, question)

    hook, found = cache_query.apply_to_answer, dict[str, list[float]]()
    hit()
    for _ in range(ROUNDS):
        for name, rules, check in (
            ("none", 0, lambda policy, question: policy),
            ("0 rules", 0, hook),
            ("20 rules", 20, hook),
        ):
            use(rules)
            cache_query.apply_to_answer = check
            found.setdefault(name, []).append(_microseconds(hit))
    client.delete()
    for name, times in found.items():
        print(f"{name:10} {median(times):7.1f} us a hit, fastest {min(times):7.1f}")
    for rules in (0, 20):
        use(rules)
        print(f"{rules} rules: the check alone {min(_microseconds(check_alone) for _ in range(50)):.2f} us")


def _microseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - start) / CALLS * 1e6


if __name__ == "__main__":
    main()
