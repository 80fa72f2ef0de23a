"""Bypasses of Django REST framework for the calls that come most, all in this file.

- `dispatch` with parsers, renderers, content negotiation, versions and DRF's Request: an endpoint has one form in and
  one form out (`speech.api.negotiation` says the same to DRF).
- The permission check: the only permission is a valid key, which authentication has checked.
- `Response` and its rendering: an answer is finished JSON or audio.
- The copy of all fields for each serializer: the fields of a class never change.
- The validation of absent fields that are optional and have no default: they cannot change the result.

That is 25 % of the calls of a hit and 24 % of those of a miss. Errors and methods other than POST go DRF's way.
speech/tests/api/test_request_body.py, which compares with plain serializers, notices an upgrade.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.utils.serializer_helpers import BindingDict
from rest_framework.views import APIView

from caching.coordination import admission
from speech.api.authentication import ClientKeyAuthentication
from speech.api.request_body import CallSerializer, Plan, long_body_of, planned, short_body_of
from speech.api.response_headers import whole_response

CallT = TypeVar("CallT")
PlanT = TypeVar("PlanT", bound=Plan | None)
AnyField = serializers.Field[Any, Any, Any, Any]

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class Endpoint(APIView, Generic[CallT, PlanT]):
    """An APIView whose `post` gets Django's own request, authenticated, the call in its body, and the plan for it."""

    authenticator: BaseAuthentication = ClientKeyAuthentication()
    reads: ClassVar[type[CallSerializer[Any]]]
    body_limit: ClassVar[str] = "MAX_CHAT_BODY_BYTES"
    """The setting with the largest body in bytes."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        try:
            request.user, _ = self.authenticator.authenticate(request)  # type: ignore[arg-type, misc]
            self.check_throttles(request)  # type: ignore[arg-type]
            # Before a slot is held: a body may arrive slowly.
            limit = getattr(settings, self.body_limit)
            if (body := short_body_of(request, limit)) is not None:
                return self._answer(request, body)
            with ExitStack() as held:
                return self._answer(request, long_body_of(request, held, limit))
        except Exception as error:  # noqa: BLE001 (DRF's own dispatch does the same)
            return self._refused(request, error)

    def _answer(self, request: HttpRequest, body: bytes) -> HttpResponseBase:
        with admission.queue:
            known = planned(request, body, self.reads, lambda call: self.plan(request, call))
            return self.post(request, known.call, known.plan)

    def plan(self, request: HttpRequest, call: CallT) -> PlanT:
        """Return what follows from a request and stays the same while it repeats (see `planned`)."""
        raise NotImplementedError

    def post(self, request: HttpRequest, call: CallT, plan: PlanT) -> HttpResponseBase:
        raise NotImplementedError

    def _refused(self, request: HttpRequest, error: Exception) -> HttpResponseBase:
        self.headers = self.default_response_headers
        self.request = self.initialize_request(request)
        return self.finalize_response(self.request, self.handle_exception(error))


def json_response(body: Any, headers: Mapping[str, str]) -> HttpResponse:
    # A stream that was cut may end in a lone surrogate, which UTF-8 cannot encode.
    data = _encode(body).encode("utf-8", "replace")
    return whole_response(data, "application/json", headers)


class PreparedSerializer(serializers.Serializer[Any]):
    """A serializer whose instances share one set of fields and validate only those that could change the result.

    Null means absent: typed clients send it for every field that is not set.
    """

    takes_nul: ClassVar[bool] = False

    @property
    def fields(self) -> BindingDict:
        return _fields_of(type(self))

    @property
    def _writable_fields(self) -> list[AnyField]:
        # The fields that DRF validates.
        given = self.initial_data
        return [field for field, silent in _silences_of(type(self)) if not silent or field.field_name in given]

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            data = {name: value for name, value in data.items() if value is not None}
        return super().to_internal_value(data)


@cache
def _fields_of(kind: type[PreparedSerializer]) -> BindingDict:
    owner = kind()
    fields = BindingDict(owner)
    for name, field in owner.get_fields().items():
        fields[name] = field
    return fields


@cache
def _silences_of(kind: type[PreparedSerializer]) -> list[tuple[AnyField, bool]]:
    """Return the writable fields, each with whether its absence from a body changes nothing."""
    return [(field, _is_silent(field)) for field in _fields_of(kind).values() if not field.read_only]


def _is_silent(field: AnyField) -> bool:
    has_default = field.default is not serializers.empty or type(field).get_default is not AnyField.get_default
    return not field.required and not has_default
