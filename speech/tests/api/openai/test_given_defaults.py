"""Parameters given with OpenAI's default value, which is not that of other servers."""

from __future__ import annotations

from typing import Any

import pytest

from speech.tests.loopback import FakeOpenAI

BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Hello."}]},
    "/v1/responses": {"input": "Hello.", "store": False},
    "/api/chat/": {"query": "Hello."},
}
SAMPLING = ({"temperature": 1}, {"top_p": 1.0})
PENALTIES = ({"presence_penalty": 0}, {"frequency_penalty": 0.0})
HARMLESS: tuple[dict[str, Any], ...] = (
    {"n": 1}, {"logprobs": False}, {"stop": []}, {"tools": []}, {"logit_bias": {}},
    {"response_format": {"type": "text"}}, {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True},
)  # fmt: skip


def hits(api: Any, path: str, given: dict[str, Any]) -> list[str]:
    """Return `X-Cache` of a request without and with the parameters `given`."""
    return [api.post(path, BODIES[path] | more, format="json").headers["X-Cache"] for more in ({}, given)]


@pytest.mark.parametrize(
    ("path", "given"),
    [(path, given) for path in BODIES for given in (SAMPLING if path == "/api/chat/" else SAMPLING + PENALTIES)],
)
def test_what_is_given_is_passed_on_and_keyed(
    api: Any, fake_openai: FakeOpenAI, path: str, given: dict[str, Any]
) -> None:
    assert hits(api, path, given) == ["MISS", "MISS"]
    bare, sent = (seen.body for seen in fake_openai.requests)
    assert {name: sent[name] for name in sent.keys() - bare.keys()} == given


@pytest.mark.parametrize("given", HARMLESS, ids=str)
def test_what_is_the_default_everywhere_is_left_out(api: Any, fake_openai: FakeOpenAI, given: dict[str, Any]) -> None:
    assert hits(api, "/v1/chat/completions", given) == ["MISS", "HIT"]
