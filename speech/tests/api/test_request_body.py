from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework import serializers
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError
from rest_framework.request import Request

from caching.background import PeriodicWorker
from caching.llm import curated
from caching.models import CacheRule
from caching.rules import engine
from speech.api import request_body
from speech.api.endpoint import PreparedSerializer
from speech.api.errors import PayloadTooLarge
from speech.api.fields import StrictSerializer
from speech.api.openai.serializers import AudioSpeechSerializer, ChatCompletionSerializer
from speech.api.request_body import (
    LARGEST_REMEMBERED_BYTES,
    CallSerializer,
    PlannedRequest,
    body_of,
    call_in,
    planned,
)
from speech.api.serializers import (
    ChatCall,
    ChatRequestSerializer,
    ConverseRequestSerializer,
    FeedbackRequestSerializer,
    SpeechRequestSerializer,
)
from speech.exceptions import GatewayError
from speech.models import Client
from speech.privacy import kept_seconds
from speechsite.tests.support.waiting import wait_until


def request(body: bytes, content_type: str = "application/json") -> Request:
    return Request(RequestFactory().post("/", body, content_type=content_type))


def asking(query: str) -> bytes:
    return json.dumps({"query": query}).encode()


def read(body: bytes, content_type: str = "application/json") -> ChatCall:
    return call_in(body_of(request(body, content_type), ExitStack()), ChatRequestSerializer)


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    request_body.forget()


@dataclass(frozen=True)
class Numbered:
    number: int
    may_store: bool = True


Asks = Callable[..., PlannedRequest]


@pytest.fixture
def one(clients: Any) -> Client:
    client: Client = clients("one")[0]
    return client


@pytest.fixture
def asks(one: Client) -> Asks:
    """Ask as the client `one`, or as another one; a plan is the number of those that were made."""
    made = count()

    def ask(
        query: str = "Hello?",
        client: Client = one,
        reads: type[CallSerializer[Any]] = ChatRequestSerializer,
        **headers: str,
    ) -> PlannedRequest:
        sent = RequestFactory().post("/", asking(query), content_type="application/json", headers=headers)
        sent.user = client  # type: ignore[assignment]
        return planned(sent, sent.body, reads, lambda call: Numbered(next(made)))

    return ask


def test_a_request_is_planned_once(asks: Asks) -> None:
    first = asks()
    assert asks() is first
    assert (asks().plan.number, len(request_body._planned)) == (0, 1)


# All that a call and its plan depend on: a change of one is another request.
CHANGES: dict[str, Callable[[Asks, Client], PlannedRequest]] = {
    "a letter of the body": lambda asks, one: asks("Hello!"),
    "a blank in the body": lambda asks, one: asks("Hello? "),
    "the endpoint": lambda asks, one: asks(reads=ConverseRequestSerializer),
    "the client": lambda asks, one: asks(client=Client.objects.create(name="other")),
    "the client, read again": lambda asks, one: asks(client=Client.objects.get(pk=one.pk)),
    "the level": lambda asks, one: asks(**{"X-Optimization-Level": "speed"}),
    "no-cache": lambda asks, one: asks(**{"Cache-Control": "no-cache"}),
    "no-store": lambda asks, one: asks(**{"Cache-Control": "no-store"}),
    "max-age=5": lambda asks, one: asks(**{"Cache-Control": "max-age=5"}),
    "only-if-cached": lambda asks, one: asks(**{"Cache-Control": "only-if-cached"}),
    "two directives": lambda asks, one: asks(**{"Cache-Control": "No-Cache, max-age=5"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_another_request_is_planned_by_itself(asks: Asks, one: Client, change: Any) -> None:
    first = asks()
    other = change(asks, one)
    assert other is not first and other.plan != first.plan
    assert asks() is first


def of_rules() -> None:
    CacheRule.objects.create(name="Off", never_store=True)


@pytest.mark.parametrize("change", [of_rules, engine.forget, curated.forget])
def test_a_plan_ends_when_a_table_of_staff_changes(asks: Asks, change: Callable[[], None]) -> None:
    first = asks()
    change()
    assert asks().plan != first.plan
    assert asks().plan.number == first.plan.number + 1


PLANNED: dict[str, dict[str, Any]] = {
    "/api/chat/": {"query": "Hello?"},
    "/api/tts/": {"text": "Hello."},
    "/v1/chat/completions": {"model": "demo", "messages": [{"role": "user", "content": "Hello?"}]},
    "/v1/responses": {"model": "demo", "input": "Hello?"},
    "/v1/audio/speech": {"model": "tts-1", "voice": "alloy", "input": "Hello."},
}


def of_client() -> None:
    Client.objects.update(never_store=True)


@pytest.mark.parametrize(
    ("forbid", "cache_control", "kept"),
    [
        (None, "", True),
        (None, "no-cache", True),
        (None, "no-store", False),
        (None, "max-age=5, No-Store", False),
        (of_client, "", False),
        (of_rules, "", False),
    ],
)
def test_a_request_is_kept_only_where_its_client_headers_and_rule_allow_it(
    api: Any, forbid: Callable[[], None] | None, cache_control: str, kept: bool
) -> None:
    if forbid:
        forbid()
    headers = {"Cache-Control": cache_control} if cache_control else {}
    for path, body in PLANNED.items():
        request_body.forget()
        assert api.post(path, body, format="json", headers=headers).status_code == 200
        assert bool(request_body._planned) is kept, path


def test_all_of_them_are_forgotten_after_a_while(asks: Asks) -> None:
    first = asks()
    worker = PeriodicWorker("of this test", request_body._forgetting._run, 0.01)
    worker.start()
    wait_until(lambda: not request_body._planned)
    worker.stop()
    assert asks() is not first
    assert request_body._forgetting._seconds == kept_seconds.BODIES


def test_it_does_not_hold_on_to_large_bodies(asks: Asks) -> None:
    large = "x" * LARGEST_REMEMBERED_BYTES
    assert asks(large).call == asks(large).call
    assert not request_body._planned


def test_a_client_that_varies_its_headers_fills_no_memory(asks: Asks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "REMEMBERED_REQUESTS", 3)
    for seconds in range(10):
        asks(**{"Cache-Control": f"max-age={seconds}"})
        assert len(request_body._planned) <= 3


def test_it_forgets_what_a_changed_setting_makes_wrong(asks: Asks, settings: Any) -> None:
    assert asks().call.level == "balanced"
    settings.OPTIMIZATION_LEVEL = "speed"
    assert asks().call.level == "speed"


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
