from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

from caching.redis.store import must_succeed

P = ParamSpec("P")
T = TypeVar("T")


def whole(function: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
    """Run each step of a generator within `must_succeed`, but not its caller's code between two steps."""

    @wraps(function)
    def steps(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        items = function(*args, **kwargs)
        while True:
            with must_succeed():
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    return steps
