"""Iterators of a response: whose first item is fetched ahead, so that an immediate failure surfaces before it starts,
and that go on when nobody reads them any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TypeVar

from caching.background import drain

T = TypeVar("T")


def primed(items: Iterator[T]) -> Iterator[T]:
    """Wait for the first item; return all of them. There must be at least one."""
    return resumed(next(items), items)


def resumed(first: T, rest: Iterator[T]) -> Iterator[T]:
    """Yield `first`, then `rest`, which is closed with this generator: `itertools.chain` would leave it open."""
    with closing(rest):  # type: ignore[type-var]  # a generator, whatever its annotation
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
