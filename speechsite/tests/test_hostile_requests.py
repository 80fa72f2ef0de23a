"""Requests made from the OpenAPI schema against the real server: no failure of ours, and answers as documented."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from speechsite.tests.support.server import Server

schemathesis = pytest.importorskip("schemathesis", reason="it is in requirements-dev.txt")

EXAMPLES = 25
"""For each operation: valid bodies and others, in turns."""
OUR_WORDS = ("provider_", "not_cached")
"""A 502, 503 or 504 tells of a provider, in a code of ours; this server's openai, for one, has no key."""

OPEN = ("/v1/audio/voices/",)


def operations(server: Server) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{server.url}/api/schema/")
    schema.config.generation.update(modes=list(schemathesis.GenerationMode))
    return [result.ok() for result in schema.get_all_operations()]


def assert_it_is_no_failure_of_ours(case: Any, response: Any, server: Server) -> None:
    if response.status_code >= 500:
        told = response.content.decode(errors="replace")
        code = re.search(r'"code": ?"(\w+)"', told)
        # The requests are made before they are sent, so hypothesis cannot name the one that failed. The key is masked.
        request = case.as_curl_command(headers=dict(response.request.headers))
        assert code and code[1].startswith(OUR_WORDS), f"{request}\n{told[:1000]}\n{server.log[-3000:]}"


@pytest.fixture(scope="module")
def cases(server: Server) -> list[Any]:
    """The requests, made once: that takes longer than to ask and to check."""
    made: list[Any] = []
    for operation in operations(server):

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def make(case: Any) -> None:
            case.headers.pop("Authorization", None)
            made.append(case)

        make()
    return made


@pytest.mark.parametrize("with_key", [True, False], ids=["with a key", "without"])
def test_whatever_the_schema_allows_is_answered_as_documented(server: Server, cases: list[Any], with_key: bool) -> None:
    from schemathesis.specs.openapi import checks

    answered: dict[str, Counter[int]] = defaultdict(Counter)
    headers = {"Authorization": f"Bearer {server.key}"} if with_key else {}
    wanted = (checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance)
    for case in cases:
        response = case.call(headers=headers, timeout=60)
        answered[case.operation.path][response.status_code] += 1
        assert_it_is_no_failure_of_ours(case, response, server)
        case.validate_response(response, checks=wanted)
    assert {
        "/api/chat/",
        "/api/tts/",
        "/api/converse/",
        "/v1/chat/completions/",
        "/v1/audio/speech/",
    } <= answered.keys()
    assert not with_key or answered["/v1/audio/speech/"][200], "not one request was valid"
    assert all(codes.keys() == {401} for path, codes in answered.items() if not with_key and path not in OPEN)
