"""Answers that are there as a whole are handed to the server as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

from speechsite.slow_bodies import WSGI


def in_one_piece(application: WSGI) -> WSGI:
    """Turn Django's finished responses into lists of bytes.

    The server (granian 2.8.7) sends the head and body of a list at once, and of anything else one after the other, each
    by another thread that must be woken for it.
    """

    def whole(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = application(environ, start_response)
        if not isinstance(response, HttpResponse):
            return response
        # PEP 3333 has the server close what it was given, and a list has nothing to close.
        response.close()
        return [response.content]

    return whole
