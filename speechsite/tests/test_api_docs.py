from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from speechsite.api_schema import OPERATIONS

FOREIGN = re.compile(r"""(?:src|href)=["'](?:https?:)?//""")


@pytest.fixture(scope="module")
def schema() -> Any:
    response = Client().get("/api/schema/")
    assert response.headers["Content-Type"].startswith("application/vnd.oai.openapi")
    return yaml.safe_load(response.content)


def test_the_schema_is_valid_and_complete(tmp_path: object) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", f"{tmp_path}/schema.yml")


def test_the_page_loads_everything_from_here(client: Client) -> None:
    page = client.get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert not FOREIGN.search(text)
    files = re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["'](/[^"']+)""", text)
    assert len(files) >= 3
    for file in files:
        assert client.get(file).status_code == 200, file


def test_the_schema_asks_for_a_bearer_key(schema: Any) -> None:
    assert [each["scheme"] for each in schema["components"]["securitySchemes"].values()] == ["bearer"]


def test_the_schema_says_what_may_come_as_events(schema: Any) -> None:
    paths = schema["paths"]
    for path in ("/v1/chat/completions", "/v1/responses", "/v1/audio/speech"):
        [operation] = [paths[name]["post"] for name in paths if name.rstrip("/") == path]
        assert "text/event-stream" in operation["responses"]["200"]["content"]


def test_every_operation_names_the_errors_that_any_request_may_get(schema: Any) -> None:
    paths = schema["paths"]
    for name in OPERATIONS:
        method, _, path = name.partition(" ")
        responses = paths[path][method]["responses"]
        assert list(responses) == sorted(responses)
        for status in ("405", "500"):
            shape = responses[status]["content"]["application/json"]["schema"]
            assert shape["$ref"].endswith("/ErrorResponse"), (name, status)


def test_the_schema_names_the_types_of_transcripts(schema: Any) -> None:
    paths = schema["paths"]
    for path in ("/v1/audio/transcriptions/", "/v1/audio/translations/"):
        response = paths[path]["post"]["responses"]["200"]
        assert set(response["content"]) == {"application/json", "text/plain", "text/event-stream"}
        assert "`srt` and `vtt` as plain text" in response["description"]


def test_every_operation_is_described_in_the_schema(schema: Any) -> None:
    paths = schema["paths"]
    found = {f"{method} {path}": operation for path, methods in paths.items() for method, operation in methods.items()}
    assert list(found) == list(OPERATIONS)
    assert all(operation["tags"] == [OPERATIONS[name].tag] for name, operation in found.items())
    for name, operation in found.items():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        assert body.get("example") == OPERATIONS[name].request, name


def test_optional_fields_of_a_json_request_may_be_null(schema: Any) -> None:
    for path, methods in schema["paths"].items():
        body = methods.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json")
        if not body:
            continue
        request = schema["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        for name, field in request["properties"].items():
            # Without a type, null is among what it takes.
            if name not in request.get("required", ()) and field.keys() - {"description"}:
                assert field.get("nullable"), (path, name)
                assert None in field.get("enum", [None]), (path, name)


@pytest.mark.django_db
def test_the_examples_can_be_sent_as_they_stand(clients: Callable[..., tuple[Any, str]]) -> None:
    _, key = clients("reader")
    # These need an answer that was given, and a provider with embeddings.
    refused = {"post /api/feedback/": 404, "post /v1/embeddings/": 503}
    for name, operation in OPERATIONS.items():
        # A voice turn writes from threads, which do not see the test's transaction.
        if operation.request and "converse" not in name:
            path = name.partition(" ")[2]
            headers = {"Authorization": f"Bearer {key}"}
            response = Client().post(path, operation.request, "application/json", headers=headers)
            assert response.status_code == refused.get(name, 200), name
            assert response.getvalue()
            if response.status_code == 200:
                assert {each for each in response.headers if each.startswith(("X-Cache", "X-Cost"))} <= {
                    *operation.headers
                }
                assert "X-Cache" in response.headers
            if operation.response:
                assert operation.response.keys() == response.json().keys()
