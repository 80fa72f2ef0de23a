"""Cache status and timing that a client in the shared scope may see.

A hit reveals that another client has asked the same. HIDE_CACHE_STATUS hides the status, and PAD_SHARED_HITS delays a
hit by the duration of a recent miss. Clients outside the shared scope see everything, without delay.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict, deque
from collections.abc import Hashable
from typing import Any

from django.conf import settings

from caching.coordination import admission
from caching.result import CacheResult
from speech.models import Client

REMEMBERED_MISSES = 100


def hides(client: Client) -> bool:
    return bool(client.shared_scope and settings.HIDE_CACHE_STATUS)


class Padding:
    """Durations of recent misses in this process, by kind, to delay hits by."""

    def __init__(self) -> None:
        self._misses: defaultdict[Hashable, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED_MISSES))

    def even_out(self, client: Client, kind: Hashable, result: CacheResult[Any], started: float) -> None:
        """Delay a hit of a client in the shared scope. `started` is a `time.perf_counter()`.

        A hit is not delayed before the first miss of its kind in this process.
        """
        if not (client.shared_scope and settings.PAD_SHARED_HITS):
            return
        misses, seconds = self._misses[kind], time.perf_counter() - started
        if result.status != "hit":
            misses.append(seconds)
        elif misses:
            admission.release()
            # A random one: the spread of a mean would differ from that of misses.
            time.sleep(max(0.0, random.SystemRandom().choice(list(misses)) - seconds))


padding = Padding()
