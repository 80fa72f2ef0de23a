"""Iterators whose first item is there already: what fails at once then fails before an answer begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")


def primed(items: Iterator[T]) -> Iterator[T]:
    """The same items, the first of which has been waited for. There must be one."""
    return resumed(next(items), items)


def resumed(first: T, rest: Iterator[T]) -> Iterator[T]:
    """`first` and then `rest`, which is closed with it: `itertools.chain` would leave it open."""
    with closing(rest):  # type: ignore[type-var]  # a generator, whatever its annotation
        yield first
        yield from rest
