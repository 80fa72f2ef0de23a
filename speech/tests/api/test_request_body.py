from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework import serializers
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError
from rest_framework.request import Request

from caching.background import PeriodicWorker
from speech.api import request_body
from speech.api.endpoint import PreparedSerializer
from speech.api.errors import PayloadTooLarge
from speech.api.fields import StrictSerializer
from speech.api.openai.serializers import AudioSpeechSerializer, ChatCompletionSerializer
from speech.api.request_body import LARGEST_REMEMBERED_BYTES, body_of, call_in
from speech.api.serializers import (
    ChatCall,
    ChatRequestSerializer,
    ConverseRequestSerializer,
    FeedbackRequestSerializer,
    SpeechRequestSerializer,
)
from speech.exceptions import GatewayError
from speech.models import Client
from speechsite.tests.support.waiting import wait_until


def request(body: bytes, content_type: str = "application/json") -> Request:
    return Request(RequestFactory().post("/", body, content_type=content_type))


def asking(query: str) -> bytes:
    return json.dumps({"query": query}).encode()


def read(body: bytes, content_type: str = "application/json") -> ChatCall:
    return call_in(body_of(request(body, content_type), ExitStack()), ChatRequestSerializer, remember=True)


def test_it_understands_a_body_once() -> None:
    assert read(asking("Hello?")) is read(asking("Hello?"))
    assert read(asking("Hello!")).request.messages != read(asking("Hello?")).request.messages


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    request_body.forget()


def test_a_body_that_must_not_be_stored_is_read_each_time() -> None:
    first = call_in(asking("Hello?"), ChatRequestSerializer, remember=False)
    assert call_in(asking("Hello?"), ChatRequestSerializer, remember=False) is not first
    assert request_body._read_and_remember.cache_info().currsize == 0


@pytest.mark.parametrize(
    ("never_store", "cache_control", "kept"),
    [
        (False, "", 1),
        (False, "no-cache", 1),
        (False, "no-store", 0),
        (False, "max-age=5, No-Store", 0),
        (True, "", 0),
    ],
)
def test_bodies_of_clients_and_requests_that_forbid_to_store_are_not_kept(
    api: Any, never_store: bool, cache_control: str, kept: int
) -> None:
    Client.objects.update(never_store=never_store)
    headers = {"Cache-Control": cache_control} if cache_control else {}
    assert api.post("/api/chat/", {"query": "Hello?"}, format="json", headers=headers).status_code == 200
    assert request_body._read_and_remember.cache_info().currsize == kept


def test_all_bodies_are_forgotten_after_a_while() -> None:
    first = read(asking("Hello?"))
    worker = PeriodicWorker("of this test", request_body._forgetting._run, 0.01)
    worker.start()
    wait_until(lambda: request_body._read_and_remember.cache_info().currsize == 0)
    worker.stop()
    assert read(asking("Hello?")) is not first
    assert request_body._forgetting._seconds == request_body.FORGET_SECONDS


def test_it_does_not_hold_on_to_large_bodies() -> None:
    large = asking("x" * LARGEST_REMEMBERED_BYTES)
    assert read(large) is not read(large)
    assert read(large) == read(large)


def test_it_forgets_what_a_changed_setting_makes_wrong(settings: Any) -> None:
    assert read(asking("Hello?")).level == "balanced"
    settings.OPTIMIZATION_LEVEL = "speed"
    assert read(asking("Hello?")).level == "speed"


@pytest.mark.parametrize("times", range(2))
def test_a_wrong_body_stays_wrong(times: int) -> None:
    with pytest.raises(ValidationError):
        read(b"{}")
    with pytest.raises(ParseError):
        read(b"{")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_it_takes_json_only(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=r"^Send Content-Type: application/json, "):
        read(asking("Hello?"), content_type)


def test_a_charset_beside_the_type_does_no_harm() -> None:
    assert read(asking("Hello?"), "application/json; charset=utf-8").request.messages


def test_it_refuses_a_body_over_the_limit(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    with pytest.raises(PayloadTooLarge):
        read(asking("x" * 200))


@pytest.mark.parametrize(
    "kind",
    [
        AudioSpeechSerializer,
        ChatCompletionSerializer,
        ChatRequestSerializer,
        ConverseRequestSerializer,
        FeedbackRequestSerializer,
        SpeechRequestSerializer,
    ],
)
def test_fields_that_are_not_asked_would_have_said_nothing(kind: type[PreparedSerializer]) -> None:
    class Thorough(kind):  # type: ignore[misc, valid-type]
        _writable_fields = serializers.Serializer._writable_fields

    values: tuple[Any, ...] = (None, "", "x", 1, [], {}, True)
    for given in ([], {}, *({name: value} for name in kind().fields for value in values)):
        assert outcome(kind, given) == outcome(Thorough, given), given


def outcome(kind: type[PreparedSerializer], given: Any) -> Any:
    asked = kind(data=given)
    try:
        return asked.is_valid(), asked.errors, asked.validated_data
    except GatewayError as error:
        return error.message, error.param


LEAST: dict[type[StrictSerializer], dict[str, Any]] = {
    ChatRequestSerializer: {"query": "Hello."},
    ConverseRequestSerializer: {"query": "Hello."},
    FeedbackRequestSerializer: {"id": "answer", "correct": True},
    SpeechRequestSerializer: {"text": "Hello."},
}


@pytest.mark.parametrize("reads", LEAST, ids=lambda reads: reads.__name__)
def test_null_is_as_if_it_was_not_sent(reads: type[StrictSerializer]) -> None:
    given = LEAST[reads]
    nulls = dict.fromkeys([*reads().fields, "unknown"])
    full, short = reads(data={**nulls, **given}), reads(data=given)
    assert full.is_valid(), full.errors
    assert short.is_valid()
    assert full.to_call() == short.to_call()  # type: ignore[attr-defined]


@pytest.mark.parametrize("reads", LEAST, ids=lambda reads: reads.__name__)
def test_null_in_a_required_field_is_a_missing_one(reads: type[StrictSerializer]) -> None:
    null, missing = reads(data=dict.fromkeys(LEAST[reads])), reads(data={})
    assert not null.is_valid()
    assert not missing.is_valid()
    assert null.errors == missing.errors
