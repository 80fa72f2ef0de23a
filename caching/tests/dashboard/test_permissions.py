"""Pages follow permissions: a member of the staff without any reads nothing, hears nothing and spends nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client as Browser

from caching.tests.support.staff import browser_of
from speech.models import Client

pytestmark = pytest.mark.django_db
SECRET = "leukaemia"
CSV = "/admin/figures/hits.csv"
KEYS = "/admin/keys/"
PLAYGROUND = "/admin/playground/"


@pytest.fixture(autouse=True)
def asked(api: Any) -> None:
    """An answer and audio of a client."""
    assert api.post("/api/chat/", {"query": f"diagnosis is {SECRET}"}, format="json").status_code == 200
    spoken = api.post("/api/tts/", {"text": SECRET, "provider": "espeak"}, format="json")
    assert spoken.status_code == 200


def statuses(browser: Browser) -> list[int]:
    asked = {"query": "What is a cache?", "provider": "demo"}
    return [
        browser.get(CSV).status_code,
        browser.get(KEYS).status_code,
        browser.get(f"{KEYS}entry/?key=llm:exact:x").status_code,
        browser.get(f"{KEYS}audio/?key=tts:x").status_code,
        browser.post(f"{KEYS}remove/", {"key": "x"}).status_code,
        browser.get(PLAYGROUND).status_code,
        browser.post(f"{PLAYGROUND}chat/", asked, content_type="application/json").status_code,
    ]


FORBIDDEN = [403] * 7


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ((), FORBIDDEN),
        (("view_hourlyusage",), [200, *FORBIDDEN[1:]]),
        (("view_texts",), [403, 200, 404, 404, 403, 403, 403]),
        (("delete_entries",), [403, 403, 403, 403, 200, 403, 403]),
        (("use_playground",), [403, 403, 403, 403, 403, 200, 200]),
    ],
)
def test_each_page_needs_its_permission(permissions: tuple[str, ...], expected: list[int]) -> None:
    assert statuses(browser_of("staff", *permissions)) == expected


@pytest.mark.parametrize(
    ("path", "lacked"),
    [
        (KEYS, "Can read and hear cache entries"),
        (CSV, "Can view hourly usage"),
        (PLAYGROUND, "Can use the playground, which spends money"),
        ("/admin/speech/client/", "Can view client"),
        ("/admin/caching/price/add/", "Can add price"),
        ("/admin/auth/user/", "Can view user"),
    ],
)
def test_a_403_names_the_permission_and_who_has_it(path: str, lacked: str) -> None:
    refused = browser_of("staff").get(path)
    page = refused.content.decode()
    assert refused.status_code == 403
    assert f"Your account lacks the permission “{lacked}”" in page
    assert re.search(r"Groups that have it: Administrator\b", page)


def test_the_dashboard_shows_what_its_reader_may_see() -> None:
    nothing = browser_of("nobody").get("/admin/").content.decode()
    assert "no permission to see figures" in nothing and "Hit rate" not in nothing
    figures = browser_of("figures", "view_hourlyusage").get("/admin/").content.decode()
    assert "Hit rate" in figures and SECRET not in figures and "Top questions" not in figures
    texts = browser_of("texts", "view_hourlyusage", "view_texts").get("/admin/").content.decode()
    assert "Top questions" in texts


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("Viewer", [200, *FORBIDDEN[1:]]),
        ("Reviewer", [200, 200, 404, 404, 200, 403, 403]),
        ("Operator", [200, 200, 404, 404, 200, 200, 200]),
        ("Administrator", [200, 200, 404, 404, 200, 200, 200]),
    ],
)
def test_groups_are_made_by_a_migration(group: str, expected: list[int]) -> None:
    browser = browser_of("member")
    User.objects.get(username="member").groups.add(Group.objects.get(name=group))
    assert statuses(browser) == expected
    assert (browser.get("/admin/auth/user/").status_code == 200) is (group == "Administrator")


def test_a_playground_that_is_switched_off_spends_nothing() -> None:
    browser = browser_of("staff", "use_playground")
    assert statuses(browser)[-1] == 200
    Client.objects.filter(name="playground").update(is_active=False)
    assert statuses(browser)[-1] == 403


def test_an_administrator_cannot_become_a_superuser(admin_user: User) -> None:
    browser = browser_of("member")
    member = User.objects.get(username="member")
    member.groups.add(Group.objects.get(name="Administrator"))
    form = {"username": "member", "is_staff": "on", "is_superuser": "on", "is_active": "on"}
    form |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    assert browser.post(f"/admin/auth/user/{member.pk}/change/", form).status_code == 302
    member.refresh_from_db()
    assert not member.is_superuser
    for action in ("password", "change", "delete"):
        assert browser.post(f"/admin/auth/user/{admin_user.pk}/{action}/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=admin_user.pk, is_superuser=True).exists()
