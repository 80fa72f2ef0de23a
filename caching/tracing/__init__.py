"""Spans of a request. Without a tracer, which `speechsite.tracing` installs, each function does nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context, copy_context
from typing import Any, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Tracer(Protocol):
    """Facts are named in the words of this project; the tracer knows the standard's attributes."""

    def span(self, name: str, facts: Mapping[str, Any]) -> AbstractContextManager[None]: ...

    def note(self, facts: Mapping[str, Any]) -> None: ...

    def note_request(self, facts: Mapping[str, Any]) -> None: ...

    def bound(self, function: Callable[P, T]) -> Callable[P, T]: ...

    def headers(self) -> Mapping[str, str]: ...

    def ids(self) -> Mapping[str, str]: ...


_tracer: Tracer | None = None
_nothing = nullcontext()


def install(tracer: Tracer | None) -> None:
    global _tracer
    _tracer = tracer


def is_on() -> bool:
    return _tracer is not None


def span(name: str, **facts: Any) -> AbstractContextManager[None]:
    """Return the context manager of a step. In a generator use it inside of `stepwise` only."""
    return _tracer.span(name, facts) if _tracer else _nothing


def step(name: str, **facts: Any) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function whose calls are steps."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def traced(*args: P.args, **kwargs: P.kwargs) -> T:
            if _tracer is None:
                return function(*args, **kwargs)
            with _tracer.span(name, facts):
                return function(*args, **kwargs)

        return traced

    return decorate


def note(**facts: Any) -> None:
    """Add facts to the step that is under way."""
    if _tracer:
        _tracer.note(facts)


def note_request(**facts: Any) -> None:
    """Add facts to the span of the whole request."""
    if _tracer:
        _tracer.note_request(facts)


def stepwise(items: Iterator[T], name: str = "", **facts: Any) -> Iterator[T]:
    """Return `items` such that steps inside of them do not leak to their reader, in any thread.

    With a `name` they are a step themselves, which ends with them.
    """
    return _stepwise(items, copy_context(), name, facts) if _tracer else items


def bound(function: Callable[P, T]) -> Callable[P, T]:
    """Return `function` such that its spans in another thread belong to the step that is under way here."""
    return _tracer.bound(function) if _tracer else function


def headers() -> Mapping[str, str]:
    """Return the headers that tell another server of the step that is under way (W3C Trace Context)."""
    return _tracer.headers() if _tracer else {}


def ids() -> Mapping[str, str]:
    """Return `trace_id` and `span_id` of the step that is under way, as far as there is one."""
    return _tracer.ids() if _tracer else {}


def _stepwise(items: Iterator[T], context: Context, name: str, facts: Mapping[str, Any]) -> Iterator[T]:
    """Run a generator in a context of its own: what it sets in one step would else last until the next one."""
    step = _within(items, name, facts) if name else items
    try:
        while (item := context.run(next, step, _END)) is not _END:
            yield item  # type: ignore[misc]  # not the end, so a T
    finally:
        if close := getattr(step, "close", None):
            context.run(close)


_END = object()


def _within(items: Iterator[T], name: str, facts: Mapping[str, Any]) -> Iterator[T]:
    with span(name, **facts):
        yield from items
