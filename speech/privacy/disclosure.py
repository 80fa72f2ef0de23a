"""What a client that shares entries with others may learn of whether an answer was there already.

A hit tells that somebody else has asked the same. HIDE_CACHE_STATUS keeps silent about it, and PAD_SHARED_HITS lets a
hit take as long as one of the last misses took. Clients that share nothing are told everything, at full speed.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict, deque
from collections.abc import Hashable
from typing import Any

from django.conf import settings

from caching.coordination.admission import turns
from caching.result import CacheResult
from speech.models import Client

REMEMBERED_MISSES = 100


def hides(client: Client) -> bool:
    return bool(settings.HIDE_CACHE_STATUS and client.shared_scope)


class Padding:
    """How long misses of one kind took in this process, and the waiting that makes hits take as long."""

    def __init__(self) -> None:
        self._misses: defaultdict[Hashable, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED_MISSES))

    def even_out(self, client: Client, kind: Hashable, result: CacheResult[Any], started: float) -> None:
        """Wait, if this is a hit of a client that shares. `started` is by `time.perf_counter`.

        Until a first miss of the kind was seen there is nothing to go by, and a hit is not held back.
        """
        if not (settings.PAD_SHARED_HITS and client.shared_scope):
            return
        misses, seconds = self._misses[kind], time.perf_counter() - started
        if result.status != "hit":
            misses.append(seconds)
        elif misses:
            turns.give_back()
            # Drawn anew each time: a mean would have a spread of its own.
            time.sleep(max(0.0, random.SystemRandom().choice(list(misses)) - seconds))


padding = Padding()
