from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory

from speech.tests.support.bad_requests import error_of
from speechsite import views


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing", "/api/", "/api/v1/chat/completions", "/v1/nothing", "/v1//chat/completions", "/v1/v1/models",
        "/v1/completions", "/v1/moderations", "/v1/messages", "/v1/images/generations", "/chat/completions", "/models",
        "/audio/speech", "/embeddings", "/responses", "/openai/deployments/x/chat/completions", "/v1beta/models/x",
        "/v2/chat", "/text-to-speech/x", "/speech-to-text", "/engines/x/completions",
    ],
)  # fmt: skip
def test_an_unknown_address_of_the_api_is_answered_in_its_shape(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, error_of(response)["code"]) == (404, "not_found")
    assert path in error_of(response)["message"]


@pytest.mark.parametrize("path", ["/chat/completions", "/models", "/audio/voices", "/responses", "/embeddings"])
def test_who_forgot_v1_is_told(client: Client, path: str) -> None:
    assert "ends with /v1" in error_of(client.post(path))["message"]
    assert "ends with /v1" not in error_of(client.post("/nothing"))["message"]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/v1/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/v1/v1/models", "/v1/models"),
        ("/v1//audio/speech", "/v1/audio/speech"),
        ("/api/v1/embeddings", "/v1/embeddings"),
        ("/openai/responses", "/v1/responses"),
        ("/v1/api/chat/", "/api/chat/"),
        ("/v1/v1/", "/v1/"),
    ],
)
def test_who_has_a_wrong_prefix_is_told(client: Client, path: str, meant: str) -> None:
    assert f"did you mean {meant}?" in error_of(client.post(path))["message"]


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/admin/", "/v1/", "/v1" * 5000])
def test_what_means_nothing_gets_no_hint(client: Client, path: str) -> None:
    assert "did you mean" not in error_of(client.post(path))["message"]


@pytest.mark.parametrize(
    ("path", "is_named"),
    [
        ("/v1/responses/compact", True),
        ("/v1/responses/resp_1/cancel", True),
        ("/v1/responses/input_tokens", True),
        ("/v1/chat/completions/chatcmpl-1", True),
        ("/v1/completions", True),
        ("/v1/images/generations/", True),
        ("/v1/audio/voice_consents", True),
        ("/v1/audio/voices/voice_1", True),
        ("/v1/completion", False),
        ("/v1/chat/completion", False),
        ("/v1/chat", False),
        ("/v1/audio/transcription", False),
        ("/v1/audio", False),
        ("/v1/filesystem", False),
    ],
)
def test_an_operation_of_openai_that_is_not_served_is_named_as_such(client: Client, path: str, is_named: bool) -> None:
    message = error_of(client.post(path))["message"]
    assert ("does not serve" in message) == is_named
    assert path in message


@pytest.mark.parametrize("headers", [{"Accept": "application/json"}, {"Authorization": "Bearer x"}])
def test_a_program_gets_json_wherever_it_asks(client: Client, headers: dict[str, str]) -> None:
    assert error_of(client.get("/nothing", headers=headers))["code"] == "not_found"
    assert client.get("/admin/nothing", headers=headers).headers["Content-Type"].startswith("text/html")


def test_elsewhere_it_is_a_page(client: Client) -> None:
    response = client.get("/nothing")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("view", "status", "code"),
    [
        (lambda request: views.bad_request(request, ValueError("secret")), 400, "bad_request"),
        (lambda request: views.permission_denied(request, PermissionDenied("secret")), 403, "permission_denied"),
        (views.server_error, 500, "internal_error"),
    ],
)
def test_other_failures_have_the_same_two_forms(rf: RequestFactory, view: Any, status: int, code: str) -> None:
    api, page = view(rf.get("/v1/models")), view(rf.get("/admin/"))
    assert (api.status_code, page.status_code) == (status, status)
    assert f'"code": "{code}"'.encode() in api.content
    assert page.headers["Content-Type"].startswith("text/html")
    assert b"secret" not in api.content + page.content


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (views.bad_request, "cannot read"),
        (views.permission_denied, "administrator"),
        (views.not_found, "There is no page at /lost."),
        (lambda request, _: views.csrf_failure(request), "Load the page again"),
        (lambda request, _: views.server_error(request), "The log has the details"),
    ],
)
def test_an_error_is_a_page_of_the_house_without_a_database(rf: RequestFactory, page: Any, words: str) -> None:
    html = page(rf.get("/lost"), ValueError()).content.decode()
    assert words in html and 'href="/admin/"' in html and "site.css" in html


def test_a_path_is_text_on_its_page(client: Client) -> None:
    response = client.get("/<script>alert(1)</script>")
    assert b"<script" not in response.content
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("is_listed", [True, False])
def test_a_page_that_has_another_address_in_the_browser_names_what_to_set(settings: Any, is_listed: bool) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://speech.example.com"] if is_listed else []
    browser = Client(enforce_csrf_checks=True)
    token = browser.get("/admin/login/").context["csrf_token"]
    form = {"username": "admin", "password": "password", "csrfmiddlewaretoken": str(token)}
    page = browser.post("/admin/login/", form, headers={"Origin": "https://speech.example.com"}).content.decode()
    assert ("CSRF_TRUSTED_ORIGINS" in page) is not is_listed and "too old" not in page


@pytest.mark.django_db
def test_after_a_login_without_an_address_comes_the_dashboard(client: Client) -> None:
    User.objects.create_superuser("admin", password="password")
    response = client.post("/admin/login/", {"username": "admin", "password": "password"})
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
