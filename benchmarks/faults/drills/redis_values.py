from __future__ import annotations

import random
import time
from typing import Any

import redis

from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.load import Load, is_hit
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import site

TITLE = "values in Redis overwritten, truncated, swapped, of an older version"
QUICK = True


def run(*, quick: bool) -> DrillResult:
    dice = random.Random(6)
    damaged = 0
    with site() as here, Load(here, [known_chat, known_speech, new_chat]) as load:
        load.seconds_until(is_hit)
        client = here.redis.client()
        until = time.monotonic() + (5 if quick else 10)
        while time.monotonic() < until:
            damaged += _damage(client, dice)
            time.sleep(0.1)
        recovered = load.seconds_until(is_hit)
        unreadable = here.server.metric("cache_unreadable_entries_total")
    result = load.result()
    result.recovered = recovered
    result.seen.append(f"{damaged} values damaged, {unreadable:.0f} noticed when read")
    result.require("damage was noticed", unreadable > 0)
    result.require_right()
    return result


def _damage(client: redis.Redis, dice: random.Random) -> int:
    """Damage some values. Return their number."""
    found: list[Any] = [key for pattern in ("llm:exact:*", "llm:semantic:*", "tts:*") for key in client.keys(pattern)]
    for key in (chosen := dice.sample(found, min(8, len(found)))):
        value = client.get(key)
        if not isinstance(value, bytes) or not value:
            continue
        at, other = dice.randrange(len(value)), dice.choice(found)
        damage = dice.choice(("random", "within", "cut", "swap", "older"))
        if damage == "random":
            client.set(key, dice.randbytes(len(value)), keepttl=True)
        elif damage == "within":
            client.setrange(key, at, dice.randbytes(3).decode("latin-1"))
        elif damage == "cut":
            client.set(key, value[:at], keepttl=True)
        elif damage == "swap" and (moved := client.get(other)) is not None:
            client.mset({key: moved, other: value})
        else:
            client.set(key, value.replace(b'"v":12', b'"v":11').replace(b"TTS2", b"TTS1"), keepttl=True)
    return len(chosen)
