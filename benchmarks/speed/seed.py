"""Fill the query index: python -m benchmarks.speed.seed SCOPE COUNT.

Only the index is filled, in the Redis of REDIS_URL. Answers are missing, which does not affect a search that does not
find them.
"""

from __future__ import annotations

import sys
import time
from itertools import islice

import django

django.setup()

from benchmarks.speed.questions import others  # noqa: E402
from caching.keys import exact_key  # noqa: E402
from caching.semantic.replication import IndexEvent, publish_all  # noqa: E402

LIFE_SECONDS = 1500

if __name__ == "__main__":
    scope, count = sys.argv[1], int(sys.argv[2])
    expires = time.time() + LIFE_SECONDS
    events = (IndexEvent(exact_key(scope, text), scope, text, expires) for text in others(count))
    while batch := list(islice(events, 1000)):
        publish_all(batch)
