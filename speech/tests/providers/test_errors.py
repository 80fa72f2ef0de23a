from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from speech import exceptions
from speech.providers._shared.errors import from_answer, from_event, raise_if_error


def failure(status: int, answer: Any = None, **headers: str) -> exceptions.GatewayError:
    return from_answer("acme", status, headers, json.dumps(answer).encode(), ["sk-secret"])


# Mistral's 422 for a field of another provider's answer.
REFUSED_FIELD = {
    "type": "extra_forbidden",
    "loc": ["body", "messages", 1, "assistant", "reasoning_content"],
    "msg": "Extra inputs are not permitted",
    "input": "Hm.",
}


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (401, {"error": {"message": "no", "code": "invalid_api_key"}}, exceptions.ProviderAuthFailed),
        (403, {"error": {"message": "no", "code": "invalid_api_key_error"}}, exceptions.ProviderAuthFailed),
        (403, None, exceptions.ProviderAuthFailed),
        (403, {"error": {"message": "no", "code": 403, "status": "PERMISSION_DENIED"}}, exceptions.ProviderAuthFailed),
        (403, {"error": {"message": "no", "type": "permission_error"}}, exceptions.ProviderAuthFailed),
        (403, {"error": {"message": "no", "code": "account_deactivated"}}, exceptions.ProviderAuthFailed),
        (403, {"error": {"message": "no", "code": "model_not_found"}}, exceptions.ProviderRejected),
        (403, {"error": {"message": "no", "code": "model_not_allowed"}}, exceptions.ProviderRejected),
        (403, {"error": {"message": "no", "code": "model_permission_blocked_org"}}, exceptions.ProviderRejected),
        (403, {"error": {"code": "unsupported_country_region_territory"}}, exceptions.ProviderError),
        (401, {"detail": {"status": "quota_exceeded"}}, exceptions.ProviderQuotaExceeded),
        (
            400,
            {"error": {"message": "Your credit balance is too low to access the API."}},
            exceptions.ProviderQuotaExceeded,
        ),
        (
            400,
            {"error": {"message": "You have reached your specified API usage limits."}},
            exceptions.ProviderQuotaExceeded,
        ),
        (402, None, exceptions.ProviderQuotaExceeded),
        (429, {"error": {"code": "insufficient_quota"}}, exceptions.ProviderQuotaExceeded),
        (429, {"error": {"code": "insufficient_quota_error"}}, exceptions.ProviderQuotaExceeded),
        (429, {"error": {"code": None, "type": "insufficient_quota"}}, exceptions.ProviderQuotaExceeded),
        (429, "slow down", exceptions.ProviderRateLimited),
        (503, {"error": {"code": "rate_limit_exceeded_error"}}, exceptions.ProviderRateLimited),
        (408, None, exceptions.ProviderTimeout),
        (500, None, exceptions.ProviderUnavailable),
        (529, [], exceptions.ProviderUnavailable),
        (400, {"error": "bad"}, exceptions.ProviderRejected),
        (404, {"detail": "not found"}, exceptions.ProviderRejected),
        (422, {"detail": [{"msg": "field required"}]}, exceptions.ProviderRejected),
        (307, None, exceptions.ProviderBadAnswer),
    ],
)
def test_it_tells_one_failure_from_another(status: int, answer: Any, expected: type[Exception]) -> None:
    assert type(failure(status, answer)) is expected


def test_a_rejection_says_why_and_where_without_the_key() -> None:
    error = failure(400, {"error": {"message": "sk-secret: bad temperature", "param": "temperature"}})
    assert error.message == "***: bad temperature"
    assert error.param == "temperature"


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    "answer",
    [
        {"object": "Error", "detail": [REFUSED_FIELD], "message": [REFUSED_FIELD], "code": 3001},
        {"object": "error", "message": {"detail": [REFUSED_FIELD]}, "type": "invalid_request_error", "param": None},
        {"object": "error", "message": [REFUSED_FIELD], "param": ""},
        {"error": {"message": {"detail": [REFUSED_FIELD]}}},
    ],
)
def test_a_refused_field_is_named_wherever_its_place_is_told(status: int, answer: dict[str, Any]) -> None:
    error = failure(status, answer)
    assert (error.message, error.param) == (REFUSED_FIELD["msg"], "messages.1.assistant.reasoning_content")


@pytest.mark.parametrize("message", [{"detail": {"loc": 5}}, {"detail": []}, [[]], [5], {"detail": "no"}, {"a": {}}])
def test_a_nested_message_without_a_place_names_no_field(message: Any) -> None:
    assert failure(422, {"message": message}).param is None


def test_without_a_reason_it_says_who_refused() -> None:
    assert failure(400).message == "acme rejected the request: no reason given"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"missing field `content` at line 1 column 9", "missing field `content` at line 1 column 9"),
        (b'{"problem": [{"code": 7003, "text": "No route"}]}', '{"problem": [{"code": 7003, "text": "No route"}]}'),
        (b'{"fault": {"faultstring": "sk-secret is bad"}}', '{"fault": {"faultstring": "*** is bad"}}'),
        (b'{"error": {"message": {"text": "nested"}}}', '{"error": {"message": {"text": "nested"}}}'),
        (b" <html>Bad gateway</html>", "acme rejected the request: no reason given"),
        (b"", "acme rejected the request: no reason given"),
    ],
)
def test_an_answer_whose_reason_has_an_unknown_form_is_passed_on_as_it_is(body: bytes, reason: str) -> None:
    assert from_answer("acme", 400, {}, body, ["sk-secret"]).message == reason


@pytest.mark.parametrize(("length", "kept"), [(3_000, 3_000), (10_000, 4_000), (200_000, 4_000)])
def test_a_reason_is_kept_up_to_a_length(length: int, kept: int) -> None:
    assert failure(400, {"error": {"message": "x" * length}}).message == "x" * kept


@pytest.mark.parametrize(
    ("metadata", "shown"),
    [
        (
            {"raw": "no such tool: sk-secret", "provider_name": "Acme"},
            {"raw": "no such tool: ***", "provider_name": "Acme"},
        ),
        ({"headers": {"X-A": "1"}}, None),
        ({"raw": "x" * 40_000}, None),
        ({"score": float("nan")}, None),
        ("text", "text"),
    ],
)
def test_what_a_router_passes_on_is_passed_on(metadata: Any, shown: Any) -> None:
    error = failure(400, {"error": {"message": "Provider returned error", "code": 400, "metadata": metadata}})
    assert error.details == ({"metadata": shown} if shown else {})


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"innererror": {"keys": ["sk-secret", 7, None]}}, {"innererror": {"keys": ["***", 7, None]}}),
        ({"n_ctx": 4096, "flag": False, "nothing": None, "empty": {}}, {"n_ctx": 4096, "flag": False}),
        ({"long": "x" * 40_000, "short": "y", "more": ["z"]}, {"short": "y", "more": ["z"]}),
        ({"deep": {}}, {}),
        ({"loc": ["body", "n"], "input": "all of it", "ctx": {"a": 1}, "url": "https://x"}, {}),
    ],
)
def test_fields_beside_the_message_are_passed_on_without_secrets_as_far_as_there_is_room(
    told: dict[str, Any], shown: dict[str, Any]
) -> None:
    assert failure(400, {"error": {"message": "no", "code": 400, **told}}).details == shown


def test_half_a_character_is_not_sent_on() -> None:
    half = {name: f"{name} \ud83d" for name in ("message", "param", "code", "type")}
    error = failure(400, {"error": {**half, "inner\ud83d": ["\ude00", {"a\ud83d": 1}]}})
    assert (error.message, error.param, error.code, error.type) == ("message ?", "param ?", "code ?", "type ?")
    assert error.details == {"inner?": ["?", {"a?": 1}]}


def test_no_name_of_a_field_holds_the_key() -> None:
    assert failure(400, {"error": {"message": "no", "keys": {"sk-secret": 1}}}).details == {"keys": {"***": 1}}


def test_a_type_is_the_providers_own() -> None:
    assert failure(400, {"error": {"message": "no", "type": "BadRequestError"}}).type == "BadRequestError"
    assert failure(400, {"error": {"message": "no", "type": None}}).type == "invalid_request_error"
    assert failure(422, {"detail": [{"type": "missing", "loc": ["body"], "msg": "no"}]}).type == "invalid_request_error"


def test_details_that_are_nested_without_end_are_left_out() -> None:
    body = b'{"error": {"message": "no", "deep": ' + b"[" * 900 + b"]" * 900 + b"}}"
    assert from_answer("acme", 400, {}, body).message == "no"


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000, b'{"error": 7}', b'{"detail": []}'])
def test_a_body_of_any_form_leaves_the_status_to_tell(body: bytes) -> None:
    assert type(from_answer("acme", 400, {}, body)) is exceptions.ProviderRejected


def test_it_reads_how_long_to_wait() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert failure(429, **{"retry-after": "7"}).retry_after == 7
    assert failure(429, **{"retry-after": "1.5"}).retry_after == 1.5
    assert failure(429, **{"retry-after-ms": "250"}).retry_after == 0.25
    assert 25 < (failure(429, **{"retry-after": soon}).retry_after or 0) <= 30
    assert failure(429, **{"retry-after": "soon"}).retry_after is None
    for odd in ("9" * 400, "nan", "inf", "-1", "1e999"):
        for name in ("retry-after", "retry-after-ms"):
            assert 0 <= (failure(429, **{name: odd}).retry_after or 0) <= 86_400 * 366
    assert failure(429).retry_after is None


def test_an_error_within_a_stream_keeps_its_kind() -> None:
    assert type(from_event("acme", {"code": "insufficient_quota"})) is exceptions.ProviderQuotaExceeded
    assert type(from_event("acme", {"message": "oops"})) is exceptions.ProviderUnavailable
    assert type(from_event("acme", {"code": "9" * 5000})) is exceptions.ProviderUnavailable
    assert type(from_event("acme", "oops")) is exceptions.ProviderUnavailable


@pytest.mark.parametrize(
    "answer",
    [
        *({name: "Hi"} for name in ("choices", "data", "text", "transcript", "audios", "audioContent", "output")),
        *({"code": code} for code in (0, "200", "OK", "Ok", "success", "SUCCESS")),
        *({"message": message, "transcript": "", "choices": []} for message in ("OK", "success", "Successful")),
    ],
    ids=str,
)
def test_a_code_and_a_text_beside_an_answer_are_no_error(answer: dict[str, Any]) -> None:
    raise_if_error("acme", {"code": 20_000, "message": "done", **answer})


@pytest.mark.parametrize("empty", [{}, {"choices": None}, {"data": []}, {"text": ""}, {"transcript": ""}])
def test_a_code_and_a_text_without_an_answer_are_an_error(empty: dict[str, Any]) -> None:
    with pytest.raises(exceptions.ProviderUnavailable, match="queue is full"):
        raise_if_error("acme", {"code": 20_012, "message": "queue is full", **empty})


@pytest.mark.parametrize("hidden", ["err_msg", "error_msg", "status_msg"])
@pytest.mark.parametrize("empty", [{"message": None, "code": None}, {"message": "", "code": ""}, {}])
def test_an_empty_field_hides_no_reason_under_another_name(hidden: str, empty: dict[str, Any]) -> None:
    error = from_event("acme", {"error": {hidden: "no such model", "error_code": 404, "status_code": None, **empty}})
    assert isinstance(error, exceptions.ProviderRejected)
    assert (error.message, error.status) == ("no such model", 404)
