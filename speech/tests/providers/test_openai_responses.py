"""Reading what a provider's Responses API sends, of whatever form it is."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.api.openai.responses.replay import replayed
from speech.exceptions import GatewayError, ProviderBadAnswer, ProviderRateLimited, ProviderUnavailable
from speech.providers._shared.openai_responses import read_response, read_stream, response_in

ODD = st.recursive(
    st.sampled_from([None, True, 0, "", "a", "message", "completed", "function_call", "response.completed", "error"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "status", "output", "content", "text", "error", "response", "usage", "summary"]),
            inner,
        )
    ),
    max_leaves=12,
)
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
DONE = {"type": "response.completed", "response": {"status": "completed", "output": []}}


def sse(*events: Any) -> list[bytes]:
    return [f"data: {json.dumps(event)}\n\n".encode() for event in events]


@given(st.dictionaries(st.sampled_from(["status", "output", "error", "usage", "incomplete_details"]), ODD))
def test_an_odd_response_is_an_error_of_the_provider_or_an_answer(answer: dict[str, Any]) -> None:
    with suppress(GatewayError):
        answer = response_in(read_response("acme", answer))
        assert [event for event in replayed({"status": "completed", **answer}) if event["type"]]


@given(st.lists(ODD, max_size=4))
def test_an_odd_event_is_an_error_of_the_provider(events: list[Any]) -> None:
    with suppress(GatewayError):
        list(read_stream("acme", sse(*events)))


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([], ProviderUnavailable),
        ([{"type": "response.created", "response": {}}], ProviderUnavailable),
        ([{"type": "response.failed", "response": {"error": {"code": "server_error"}}}], ProviderUnavailable),
        ([{"type": "error", "code": "rate_limit_exceeded", "message": "slow down"}], ProviderRateLimited),
        (["x"], ProviderBadAnswer),
    ],
)
def test_a_stream_that_breaks_off_raises(events: list[Any], error: type[GatewayError]) -> None:
    with pytest.raises(error):
        list(read_stream("acme", sse(*events)))


def test_nothing_is_read_after_the_end() -> None:
    assert list(read_stream("acme", sse(DONE, {"type": "error"}))) == [DONE]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ({"status": "completed", "output": []}, "stop"),
        ({"status": "completed", "output": [CALL]}, "tool_calls"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": []}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}, "output": []}, "content_filter"),
        ({"status": "queued", "output": []}, "length"),
    ],
)
def test_only_a_completed_response_ends_like_one_that_may_be_stored(response: dict[str, Any], reason: str) -> None:
    assert read_response("acme", response).choices[0]["finish_reason"] == reason
