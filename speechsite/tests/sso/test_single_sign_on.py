"""Log in at a real OpenID Connect server, step by step as a browser does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.test import Client as Browser

from speechsite.conf import sso

pytest.importorskip("mozilla_django_oidc", reason="requirements-sso.txt is not installed")
provider_mock = pytest.importorskip("oidc_provider_mock", reason="requirements-dev.txt is not installed")

ROLES = {"gateway-staff": "Viewer", "gateway-admins": "Administrator"}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def site(settings: Any, provider: str, client: Browser, db: None) -> Browser:
    settings.ROOT_URLCONF = "speechsite.tests.sso.urls"
    settings.OIDC_ISSUER = provider
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = "gateway", "secret"
    settings.OIDC_ROLES = ROLES
    settings.AUTHENTICATION_BACKENDS = sso.backends(provider, "gateway", passwords=True)
    return client


@pytest.fixture
def sign_in(site: Browser, provider: str) -> Callable[..., Any]:
    """Go where the button of the login page leads, as a user with these claims; return the last answer of the site."""

    def sign_in(name: str, **claims: Any) -> Any:
        requests.put(f"{provider}/users/{name}", json=claims, timeout=10).raise_for_status()
        away = site.get("/admin/sso/?next=/admin/")
        asked = parse_qs(urlsplit(away["Location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        back = requests.post(away["Location"], data={"sub": name}, allow_redirects=False, timeout=10)
        return site.get(back.headers["Location"].removeprefix("http://testserver"))

    return sign_in


def test_a_user_with_a_role_gets_its_permissions_at_each_login(site: Browser, sign_in: Callable[..., Any]) -> None:
    assert 'href="/admin/sso/?next=/admin/"' in site.get("/admin/login/?next=/admin/").content.decode()
    done = sign_in("ann", email="ann@example.com", given_name="Ann", groups=["gateway-staff", "others"])
    assert (done.status_code, done["Location"]) == (302, "/admin/")
    user = User.objects.get(email="ann@example.com")
    assert user.is_staff
    assert not user.is_superuser
    assert not user.has_usable_password()
    assert (user.first_name, [group.name for group in user.groups.all()]) == ("Ann", ["Viewer"])
    assert site.get("/admin/").status_code == 200
    assert site.get("/admin/auth/user/").status_code == 403
    sign_in("ann", email="new@example.com", groups="gateway-admins")
    [again] = User.objects.filter(username__startswith="sso-")
    assert (again.pk, again.email, again.groups.get().name) == (user.pk, "new@example.com", "Administrator")
    assert site.get("/admin/auth/user/").status_code == 200


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["gateway-staff"]}}),
        ("urn:zitadel:iam:org:project:roles", {"urn:zitadel:iam:org:project:roles": {"gateway-staff": {"1": "a.b"}}}),
        ("https://example.com/groups", {"https://example.com/groups": ["gateway-staff"]}),
    ],
    ids=["keycloak", "zitadel", "auth0"],
)
def test_groups_are_found_where_providers_have_them(
    sign_in: Callable[..., Any], settings: Any, name: str, claims: dict[str, Any]
) -> None:
    settings.OIDC_GROUPS_CLAIM = name
    assert sign_in("eve", **claims).status_code == 302
    [user] = User.objects.filter(username__startswith="sso-")
    assert [group.name for group in user.groups.all()] == ["Viewer"]


@pytest.mark.parametrize("claims", [{}, {"groups": []}, {"groups": ["others"]}, {"groups": None}, {"groups": {"a": 1}}])
def test_without_a_role_there_is_no_access_and_no_user(
    site: Browser, sign_in: Callable[..., Any], claims: dict[str, Any]
) -> None:
    refused = sign_in("bob", email="admin@example.com", **claims)
    assert refused.status_code == 403
    assert "no role here" in refused.content.decode()
    assert not User.objects.filter(username__startswith="sso-").exists()
    assert site.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"email": "a@b.example"}, r"there is no claim groups, only .*email.*OIDC_GROUPS_CLAIM"),
        ({"groups": ["others", "more"]}, "OIDC_ROLES names none of the groups others, more"),
        ({"groups": []}, r"OIDC_ROLES names none of the groups \(none\)"),
        ({"_claim_names": {"groups": "src1"}}, "left the claim groups out"),
        ({"hasgroups": True}, "left the claim groups out"),
    ],
)
def test_the_log_says_why_a_user_has_no_role(
    sign_in: Callable[..., Any], caplog: pytest.LogCaptureFixture, claims: dict[str, Any], reason: str
) -> None:
    refused = sign_in("hal", **claims)
    assert refused.status_code == 403
    assert re.search(reason, caplog.text)
    assert "a@b.example" not in caplog.text
    # Entra ID, of a user with more than 200 groups.
    assert ("so many groups" in refused.content.decode()) == ("left" in reason)


def test_who_has_lost_a_role_has_lost_its_rights(site: Browser, sign_in: Callable[..., Any]) -> None:
    sign_in("cy", groups=["gateway-admins"])
    assert sign_in("cy", groups=["others"]).status_code == 403
    [user] = User.objects.filter(username__startswith="sso-")
    assert (user.is_staff, user.groups.count()) == (False, 0)
    assert site.get("/admin/").status_code == 302


def test_an_address_of_an_account_with_a_password_gives_nothing(sign_in: Callable[..., Any]) -> None:
    boss = User.objects.create_superuser("boss", "boss@example.com", "a long password")
    sign_in("eve", email="boss@example.com", groups=["gateway-staff"])
    boss.refresh_from_db()
    assert (User.objects.count(), boss.groups.count()) == (2, 0)


def test_a_deactivated_user_stays_out(site: Browser, sign_in: Callable[..., Any]) -> None:
    sign_in("dan", groups=["gateway-staff"])
    User.objects.update(is_active=False)
    assert sign_in("dan", groups=["gateway-staff"]).status_code == 403


def test_log_out_here_and_at_the_provider(site: Browser, sign_in: Callable[..., Any], provider: str) -> None:
    sign_in("fay", groups=["gateway-staff"])
    page = site.post("/admin/logout/")
    assert site.get("/admin/").status_code == 302
    assert f"{provider}/oauth2/end_session?id_token_hint=" in page.content.decode().replace("&amp;", "&")


@pytest.mark.parametrize(
    "wrong", [{"aud": "another"}, {"aud": ["another"]}, {"aud": None}, {"iss": "https://evil.example"}, {"exp": None}]
)
def test_a_token_that_was_not_made_for_this_gateway_is_refused(
    site: Browser, provider: str, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    from mozilla_django_oidc.auth import OIDCAuthenticationBackend

    from speechsite.sso.backend import SingleSignOn

    good = {"iss": provider, "aud": ["gateway"], "exp": 2**40, "sub": "gus"}
    bad = {name: value for name, value in (good | wrong).items() if value is not None}
    payloads = iter((good, bad))
    monkeypatch.setattr(OIDCAuthenticationBackend, "verify_token", lambda self, token, **more: next(payloads))
    assert SingleSignOn().verify_token("signed") == good
    with pytest.raises(SuspiciousOperation):
        SingleSignOn().verify_token("signed")


def test_an_answer_that_nobody_asked_for_is_refused(site: Browser) -> None:
    assert site.get("/admin/sso/callback/?code=x&state=y").status_code == 403


def test_a_provider_that_is_down_is_told(site: Browser, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    page = site.get("/admin/sso/")
    assert page.status_code == 503
    assert "does not answer" in page.content.decode()
    # And nobody else notices.
    assert site.get("/admin/login/").status_code == 200
    User.objects.create_superuser("boss", "boss@example.com", "a long password")
    assert site.post("/admin/login/", {"username": "boss", "password": "a long password"}).status_code == 302
    assert site.get("/admin/").status_code == 200


def test_passwords_can_be_switched_off(site: Browser, settings: Any, provider: str) -> None:
    User.objects.create_superuser("boss", "boss@example.com", "a long password")
    credentials = {"username": "boss", "password": "a long password"}
    assert site.post("/admin/login/", credentials).status_code == 302
    settings.PASSWORD_LOGIN = False
    settings.AUTHENTICATION_BACKENDS = sso.backends(provider, "gateway", passwords=False)
    # Sessions that began with a password end too.
    assert site.get("/admin/").status_code == 302
    page = site.get("/admin/login/").content.decode()
    assert "Log in with single sign-on" in page
    assert 'name="password"' not in page
    assert site.post("/admin/login/", credentials).status_code == 403
