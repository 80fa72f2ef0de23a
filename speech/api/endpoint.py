"""A DRF view with a short path for the most frequent calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.views import APIView

from caching.coordination.admission import turns
from speech.api.authentication import ClientKeyAuthentication
from speech.api.request_body import CallSerializer, body_of, call_in

T = TypeVar("T")

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class Endpoint(APIView):
    """An APIView whose `post` gets Django's own request, authenticated, and returns a finished response.

    It skips parsers, renderers, content negotiation and versions, of which a call here has no choice, and which cost
    more than the answer. What is raised, and every other method, goes DRF's way.
    """

    authenticator: BaseAuthentication = ClientKeyAuthentication()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        try:
            request.user, _ = self.authenticator.authenticate(request)  # type: ignore[arg-type, misc]
            self.check_throttles(request)  # type: ignore[arg-type]
            return self.post(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 (DRF's own dispatch does the same)
            return self._refused(request, error)
        finally:
            turns.give_back()

    def read_in_turn(self, serializer: type[CallSerializer[T]], request: HttpRequest) -> T:
        """What the body of `request` asks for. The body may come slowly; what follows it is done in turn."""
        body = body_of(request)
        turns.begin()
        return call_in(body, serializer)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        raise NotImplementedError

    def _refused(self, request: HttpRequest, error: Exception) -> HttpResponseBase:
        self.headers = self.default_response_headers
        self.request = self.initialize_request(request)
        return self.finalize_response(self.request, self.handle_exception(error))


def json_response(body: Any, headers: Mapping[str, str]) -> HttpResponse:
    return HttpResponse(_encode(body).encode(), content_type="application/json", headers=dict(headers))
