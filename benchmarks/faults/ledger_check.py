"""Compares the provider's bill with the ledger."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from benchmarks.faults.site import Site

QUERY = """
SELECT COALESCE(SUM(input_tokens), 0), COALESCE(SUM(output_tokens), 0)
FROM caching_hourlyusage
WHERE cache_type = 'llm' AND outcome IN ('miss', 'bypass', 'error')
"""
Connect = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Tokens:
    prompt: int
    completion: int

    def __sub__(self, other: Tokens) -> Tokens:
        return Tokens(self.prompt - other.prompt, self.completion - other.completion)


def billed(site: Site) -> Tokens:
    return Tokens(site.provider.billed["prompt_tokens"], site.provider.billed["completion_tokens"])


def in_sqlite(site: Site) -> Connect:
    return lambda: sqlite3.connect(f"file:{site.server.directory / 'db.sqlite3'}?mode=ro", uri=True, timeout=30)


def booked(connect: Connect) -> Tokens:
    with closing(connect()) as connection:
        cursor = connection.cursor()
        cursor.execute(QUERY)
        prompt, completion = cursor.fetchone()
    return Tokens(int(prompt), int(completion))


def difference(site: Site, connect: Connect, patience: float = 60.0) -> Tokens:
    """Return billed minus recorded units, after the ledger had time to write."""
    deadline = time.monotonic() + patience
    while (found := billed(site) - booked(connect)) != Tokens(0, 0) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found
