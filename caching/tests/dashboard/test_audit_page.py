"""The audit page: who saw, removed, reviewed or changed what."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse

from caching import keys
from caching.models import AuditEntry, Price
from caching.tests.dashboard.test_keys_page import remember
from caching.tests.support.staff import browser_of
from speech.models import Client

LIST = reverse("admin:caching_auditentry_changelist")
READER = ("view_texts", "view_call")


@pytest.fixture
def auditor(redis_client: Any, db: None) -> Browser:
    return browser_of("auditor", "view_auditentry")


def rows(auditor: Browser, **filters: str) -> list[tuple[str, int, str, str]]:
    """User, action, object and client, newest first."""
    page = auditor.get(LIST, filters)
    assert page.status_code == 200
    return [
        (entry.user.username, entry.action_flag, entry.object_repr, entry.client_name)
        for entry in page.context["cl"].result_list
    ]


def test_who_saw_an_entry_is_recorded_once(auditor: Browser) -> None:
    key, browser = remember("seen"), browser_of("reader", *READER)
    for _ in range(3):
        assert browser.get(reverse("key"), {"key": key}).status_code == 200
    browser.get(reverse("keys"))
    browser.get(reverse("admin:caching_call_changelist"))
    assert rows(auditor) == [
        ("reader", 4, "list of calls", ""),
        ("reader", 4, "list of keys", ""),
        ("reader", 4, key, "bot"),
    ]


def test_what_is_removed_is_recorded_by_client(auditor: Browser) -> None:
    mine, other = remember("mine"), remember("other", by="second")
    browser = browser_of("remover", "view_texts", "delete_entries")
    browser.post(reverse("remove-keys"), {"key": [mine, other], "confirmed": "yes"})
    assert sorted(rows(auditor)) == [("remover", 3, mine, "bot"), ("remover", 3, other, "second")]
    Client.objects.create_with_key("second")
    assert rows(auditor, client="second") == [("remover", 3, other, "second")]


def test_changes_of_prices_rules_clients_and_keys_are_there(auditor: Browser, admin_client: Browser) -> None:
    client, _ = Client.objects.create_with_key("bot")
    admin_client.post(reverse("admin:speech_clientkey_rotate", args=[client.keys.get().pk]), {"hours": 1})
    price = {"provider": "demo", "model": "x", "unit": "characters", "amount": 1, "per": 1, "currency": "USD"}
    when = {"valid_from_0": "2026-01-01", "valid_from_1": "00:00:00", "source": "a test"}
    admin_client.post(reverse("admin:caching_price_add"), {**price, **when})
    assert Price.objects.filter(model="x").exists()
    told = rows(auditor)
    assert [(action, kind.partition(":")[0]) for _, action, kind, _ in told] == [(1, "demo x"), (2, "bot")]
    assert rows(auditor, client="bot") == [("admin", 2, "bot", "bot")]
    assert rows(auditor, action="1") == told[:1]
    browser_of("reader", *READER).get(reverse("admin:caching_call_changelist"))
    reader = str(User.objects.get(username="reader").pk)
    assert [user for user, *_ in rows(auditor, user__id__exact=reader)] == ["reader"]
    assert "Rotated" in auditor.get(LIST).content.decode()


def test_the_csv_holds_what_is_selected_and_runs_no_formula(auditor: Browser) -> None:
    key = remember("seen", by="=1+1")
    browser_of("reader", *READER).get(reverse("key"), {"key": key})
    selected = [str(pk) for pk in AuditEntry.objects.values_list("pk", flat=True)]
    sheet = auditor.post(LIST, {"action": "download", "_selected_action": selected})
    (head, row) = csv.reader(io.StringIO(sheet.content.decode("utf-8-sig")))
    assert head == ["time", "user", "action", "kind", "object", "client", "details"]
    assert row[1:] == ["reader", "Viewed texts", "cache", key, "'=1+1", ""]


@pytest.mark.django_db
def test_only_who_has_the_permission_sees_it() -> None:
    assert browser_of("reader", *READER, "view_logentry").get(LIST).status_code == 403
    for group, status in (("Operator", 403), ("Administrator", 200)):
        browser = browser_of(group)
        User.objects.get(username=group).groups.add(Group.objects.get(name=group))
        assert browser.get(LIST).status_code == status, group


def test_a_question_in_the_name_of_a_key_is_not_written_down(auditor: Browser, redis_client: Any) -> None:
    key = f"{keys.SEMANTIC}:scope:my secret diagnosis"
    redis_client.set(key, b"{}")
    browser_of("reader", *READER).get(reverse("key"), {"key": key})
    (row,) = AuditEntry.objects.values_list("object_repr", "change_message", "object_id")
    assert "secret" not in str(row) and "#" in row[0]
