from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

PROTECTING = ("Cross-Origin-Opener-Policy", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options")


def test_an_answer_of_the_api_is_protected_like_a_page(api: Any, admin_client: Browser) -> None:
    answer = api.post("/api/chat/", {"query": "What is a cache?"}, format="json")
    page = admin_client.get("/admin/login/", follow=True)
    assert [answer.headers[name] for name in PROTECTING] == [page.headers[name] for name in PROTECTING]
    assert answer.headers["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize("path", ["/api/chat/", "/v1/chat/completions"])
def test_the_api_answers_to_its_own_hosts_only(api: Any, path: str) -> None:
    refused = api.post(path, {"query": "What is a cache?"}, format="json", headers={"Host": "evil.example"})
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "bad_request"


def test_a_call_of_the_api_has_no_session(api: Any) -> None:
    answer = api.post("/api/chat/", {"query": "What is a cache?"}, format="json")
    assert not answer.cookies
    assert not hasattr(answer.wsgi_request, "session")


def test_a_path_without_a_view_gets_an_error_of_the_api(api: Any) -> None:
    answer = api.get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("lookup", ["pk__in", "id__in"])
@pytest.mark.parametrize("number", ["9" * 40, "-" + "9" * 40, str(2**63)])
def test_a_number_that_no_column_holds_is_no_error_of_ours(admin_client: Browser, lookup: str, number: str) -> None:
    for path in ("/admin/speech/client/", "/admin/caching/call/", "/admin/auth/user/"):
        assert admin_client.get(path, {lookup: number}, follow=True).status_code in (200, 400)
