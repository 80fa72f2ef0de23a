from __future__ import annotations

import logging
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from prometheus_client import REGISTRY

from speechsite.conf import apps
from speechsite.middleware import PROBES

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
    assert "ALLOWED_HOSTS" in refused.json()["error"]["message"]


@pytest.mark.django_db
@pytest.mark.parametrize("allowed", ["*", "my_gateway"])
def test_a_name_that_no_host_can_have_is_told(api: Any, client: Browser, settings: Any, allowed: str) -> None:
    settings.ALLOWED_HOSTS = [allowed]
    headers = {"Host": "my_gateway:8000"}
    refused = api.post("/api/chat/", {"query": "What is a cache?"}, format="json", headers=headers)
    for told in (refused.json()["error"]["message"], client.get("/admin/login/", headers=headers).content.decode()):
        assert "letters, digits and hyphens" in told and "ALLOWED_HOSTS" not in told


@pytest.mark.parametrize("path", sorted(PROBES))
@pytest.mark.parametrize(
    "host", ["10.1.2.3:8000", "[fd00::1]:8000", "7c7168a662c1:8000", "gateway.default.svc", "other.example", "a_b", ""]
)
def test_a_probe_is_answered_under_every_name_of_the_machine(
    client: Browser, db: None, settings: Any, path: str, host: str
) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["speech.example.com"], True
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 200
    assert not host or host not in answer.content.decode() + repr(answer.headers)


@pytest.mark.parametrize("path", ["/", "/v1/models", "/admin/login/", "/api/schema/", "/healthz/more"])
@pytest.mark.parametrize("host", ["10.1.2.3", "other.example"])
def test_another_name_is_one_for_probes_only(client: Browser, db: None, path: str, host: str) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/chat/"])
def test_a_call_without_tls_gets_an_error_and_no_redirect(client: Browser, settings: Any, path: str) -> None:
    settings.HTTPS_ONLY = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    refused = client.post(path, {"query": "Hello"}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "https_required")
    assert "X-Forwarded-Proto" in refused.json()["error"]["message"]
    secure = client.post(path, content_type="application/json", headers={"X-Forwarded-Proto": "https"})
    assert secure.status_code == 401
    for page in ("/api/docs/", "/api/docs", "/api/schema/", "/api/schema"):
        assert client.get(page).headers["Location"] == f"https://testserver{page}"
    assert client.post("/api/documents", content_type="application/json").status_code == 404
    assert client.get("/healthz").status_code == 200


def test_a_wrong_host_is_one_line_in_the_log(client: Browser) -> None:
    logger = logging.getLogger("django.security.DisallowedHost")
    # Others are those of the test run.
    [handler] = [one for one in logger.handlers if type(one) is logging.StreamHandler]
    printed = StringIO()
    console = handler.setStream(printed)
    try:
        refused = client.get("/v1/models", headers={"Host": "evil.example"})
    finally:
        handler.setStream(console)
    assert refused.json()["error"]["code"] == "bad_request"
    [line] = printed.getvalue().splitlines()
    assert line.startswith("WARNING: Invalid HTTP_HOST header: 'evil.example'")


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


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(("mode", "expected"), [("pages", (1, 0)), ("all", (1, 1)), ("off", (0, 0))])
def test_requests_are_counted_by_view_method_and_status(
    api: Any, client: Browser, settings: Any, mode: str, expected: tuple[int, int]
) -> None:
    settings.MIDDLEWARE = apps.middleware(mode)
    name = "django_http_responses_total_by_status_view_method_total"
    page = {"status": "404", "view": "<unnamed view>", "method": "GET"}
    call = {"status": "200", "view": "chat", "method": "POST"}
    before = counted(name, **page), counted(name, **call)
    client.get("/nothing")
    api.post("/api/chat/", {"query": "What is a cache?"}, format="json")
    assert (counted(name, **page) - before[0], counted(name, **call) - before[1]) == expected


def test_a_method_that_nobody_knows_makes_no_series(client: Browser, settings: Any) -> None:
    settings.MIDDLEWARE = apps.middleware("pages")
    client.generic("BREW", "/nothing")
    assert "BREW" not in repr([sample for metric in REGISTRY.collect() for sample in metric.samples])


def test_queries_of_the_database_are_measured(db: None) -> None:
    labels = {"alias": "default", "vendor": connection.vendor}
    before = counted("django_db_query_duration_seconds_count", **labels)
    User.objects.count()
    assert counted("django_db_query_duration_seconds_count", **labels) == before + 1


def test_cursors_share_a_class(db: None) -> None:
    with connection.cursor() as one, connection.cursor() as other:
        assert type(one.cursor) is type(other.cursor)
        assert type(one.cursor).__module__ == "django_prometheus.db.common"
