"""A load balancer in front of several instances, for requests of the drills."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import urllib3

from speechsite.tests.support.server import Server


class Balancer(Server):
    """Sends each request to the next of the instances at `urls`."""

    def __init__(self, key: str, urls: Sequence[str] = ()) -> None:
        self.key = key
        self._pool = urllib3.PoolManager(maxsize=16, retries=False, timeout=60)
        self._turns = itertools.count()
        self.urls = list(urls)

    @property
    def url(self) -> str:  # type: ignore[override]
        return self.urls[next(self._turns) % len(self.urls)]
