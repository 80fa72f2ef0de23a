from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, ResolverMatch, resolve

PREFIXES = ("/v1/", "/api/")
REMEMBERED_PATHS = 256


class ShortcutToTheAPI:
    """Hands a call of the API to its view, past the sessions, cookies and messages that such a call does not have.

    Of what these others do there remain the check of the host, the length and the header against frames. A path
    without a view goes on: what says so in the API's words is Django's handler404.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = _match(request.path_info) if request.path_info.startswith(PREFIXES) else None
        if match is None:
            return self.get_response(request)
        request.get_host()  # Raises DisallowedHost.
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response = response.render()
        response.headers["X-Frame-Options"] = "DENY"
        if isinstance(response, HttpResponse):
            response.headers["Content-Length"] = str(len(response.content))
        return response


@lru_cache(REMEMBERED_PATHS)
def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None
