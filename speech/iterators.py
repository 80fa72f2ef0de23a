"""Iterators behind a streamed response.

The first item is fetched before the response starts, so that an immediate failure has a status of its own. A stream
that must be complete is read to its end without the client too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from caching.background import drain

T = TypeVar("T")


def primed(items: Iterator[T]) -> Iterator[T]:
    """Wait for the first item; return all of them. There must be at least one."""
    return resumed(next(items), items)


def resumed(first: T, rest: Iterator[T]) -> Iterator[T]:
    """Yield `first`, then `rest`, which is closed with this generator: `itertools.chain` would leave it open."""
    with closed_after(rest):
        yield first
        yield from rest


def finished(items: Iterator[T]) -> Iterator[T]:
    """Yield `items`. If the consumer stops, the rest is read in the background."""
    try:
        for item in items:  # noqa: UP028 - `yield from` would close them
            yield item
    except GeneratorExit:
        drain(items)
        raise


@contextmanager
def closed_after(items: Iterator[Any]) -> Iterator[None]:
    """Close `items` at the end of the block. A provider may return an iterator that cannot be closed."""
    try:
        yield
    finally:
        if close := getattr(items, "close", None):
            close()
