"""Servers that refuse OpenAI's `stream_options`, learned from their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from speech.exceptions import ProviderRejected
from speech.providers._shared.http import ProviderRequest, post
from speech.providers._shared.http_response import Reply

# Returns the request with these fields.
Request = Callable[[dict[str, Any]], ProviderRequest]

_STREAM: dict[str, Any] = {"stream": True}
_WITH_USAGE = _STREAM | {"stream_options": {"include_usage": True}}
_MAX_SERVICES = 1000  # models are named by clients
# By address and model, for as long as this process lives.
_takes_options: dict[tuple[str, str], bool] = {}


@contextmanager
def post_for_stream(request: Request, *, service: tuple[str, str]) -> Iterator[Reply]:
    """Post the request with the fields of a stream: with its usage, unless the service refuses to tell it.

    A service that has taken `stream_options` once is not asked twice when it rejects a request.
    """
    with ExitStack() as stack:
        yield _opened(stack, request, service)


def _opened(stack: ExitStack, request: Request, service: tuple[str, str]) -> Reply:
    takes = _takes_options.get(service)
    if takes is not False:
        try:
            reply = stack.enter_context(post(request(_WITH_USAGE)))
        except ProviderRejected as error:
            if error.status not in (400, 422) or (takes and "stream_options" not in f"{error.param} {error.message}"):
                raise
        else:
            _learn(service, takes=True)
            return reply
    reply = stack.enter_context(post(request(_STREAM)))
    _learn(service, takes=False)
    return reply


def _learn(service: tuple[str, str], *, takes: bool) -> None:
    if len(_takes_options) >= _MAX_SERVICES:
        _takes_options.clear()
    _takes_options[service] = takes
