"""A WSGI wrapper for granian (2.8.7) that sends answers in one piece."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponse

WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]


def in_one_piece(application: WSGI) -> WSGI:
    """Turn Django's finished responses into lists of bytes: 10 % less CPU time for a hit (docs/performance.md).

    granian sends head and body of a list at once, and of anything else one after the other, each by a thread that must
    be woken. speechsite/tests/server/test_one_piece.py notices an upgrade.
    """

    def whole(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = application(environ, start_response)
        if not isinstance(response, HttpResponse):
            return response
        # PEP 3333: the server closes the iterable that it gets, but a list has no `close`.
        response.close()
        return [response.content]

    return whole
