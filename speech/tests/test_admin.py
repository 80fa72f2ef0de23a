from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching.models import HourlyUsage
from speech.models import Client, ClientKey, hash_key

NO_INLINE_ROWS = {"keys-TOTAL_FORMS": 0, "keys-INITIAL_FORMS": 0}
pytestmark = pytest.mark.django_db
LIST = reverse("admin:speech_client_changelist")


def change_page(client: Client) -> str:
    return reverse("admin:speech_client_change", args=[client.pk])


def test_staff_see_the_clients(admin_client: Browser) -> None:
    client, _ = Client.objects.create_with_key("voice bot")
    (key,) = client.keys.all()
    page = admin_client.get(LIST).content.decode()
    assert "voice bot" in page
    page = admin_client.get(change_page(client)).content.decode()
    assert key.key_hint in page and key.key_hash not in page
    assert reverse("admin:speech_clientkey_change", args=[key.pk]) in page


def test_the_list_costs_the_same_for_many(admin_client: Browser, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        Client.objects.create_with_key(f"bot {number}")
    with django_assert_max_num_queries(11):
        admin_client.get(LIST)


def test_list_and_dashboard_show_how_far_budgets_are_used_up(admin_client: Browser) -> None:
    Client.objects.create_with_key("bot", daily_budget_usd=10, monthly_budget_usd=100)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    HourlyUsage.objects.create(hour=hour, cache_type="llm", outcome="miss", client="bot", cost=9, currency="USD")
    assert "daily 90%, monthly 9%" in admin_client.get(LIST).content.decode()
    page = admin_client.get(f"{reverse('admin:index')}?period=24h").content.decode()
    assert "bot has spent 90% of its daily budget of 10 USD." in page and "monthly budget" not in page


def test_the_list_says_in_words_who_shares(admin_client: Browser) -> None:
    Client.objects.create_with_key("alone")
    assert "field-scope" in (page := admin_client.get(LIST).content.decode()) and "private" in page
    Client.objects.create_with_key("together", shared_scope=True)
    assert ">shared<" in "".join(admin_client.get(LIST).content.decode().split())


def test_a_new_client_shows_its_key_once(admin_client: Browser) -> None:
    page = admin_client.post(reverse("admin:speech_client_add"), {"name": "bot", "is_active": "on"})
    (key,) = set(re.findall(r"sg_[\w-]{43}", page.content.decode()))
    assert "no-store" in page.headers["Cache-Control"]
    for cookie in page.cookies.values():
        decoded = [base64.urlsafe_b64decode(part + "==") for part in re.findall(r"[\w-]{8,}", cookie.value)]
        assert key not in cookie.value and not any(key.encode() in part for part in decoded)
    assert not any(key in str(session.get_decoded()) for session in Session.objects.all())
    client = Client.objects.get(name="bot")
    assert client.keys.get().key_hash == hash_key(key)
    for path in (LIST, change_page(client)):
        assert key not in admin_client.get(path).content.decode()


def test_changing_a_client_keeps_its_key_and_its_name(admin_client: Browser) -> None:
    client, key = Client.objects.create_with_key("bot")
    admin_client.post(change_page(client), {"name": "renamed", **NO_INLINE_ROWS})
    client.refresh_from_db()
    assert (client.name, client.is_active, client.keys.get().key_hash) == ("bot", False, hash_key(key))


def test_revoking_switches_the_chosen_ones_off(admin_client: Browser) -> None:
    first, second = Client.objects.create_with_key("first")[0], Client.objects.create_with_key("second")[0]
    page = admin_client.post(LIST, {"action": "revoke", "_selected_action": [first.pk]}, follow=True)
    assert "Switched off 1 clients" in page.content.decode()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_active, second.is_active) == (False, True)


def key_page(action: str, key: ClientKey) -> str:
    return reverse(f"admin:speech_clientkey_{action}", args=[key.pk])


def test_rotating_shows_the_new_key_once_and_ends_the_old_one_later(admin_client: Browser) -> None:
    client, old = Client.objects.create_with_key("bot")
    key = client.keys.get()
    assert b"another" in admin_client.get(key_page("rotate", key)).content and client.keys.count() == 1
    page = admin_client.post(key_page("rotate", key), {"hours": 2}).content.decode()
    (secret,) = set(re.findall(r"sg_[\w-]{43}", page))
    key.refresh_from_db()
    assert key.expires and timedelta(hours=1.9) < key.expires - timezone.now() <= timedelta(hours=2)
    assert secret != old and ClientKey.objects.with_hash(hash_key(secret)) and secret not in str(client_log(client))
    assert "Rotated" in client_log(client)[0]


def test_revoking_a_key_leaves_the_others(admin_client: Browser) -> None:
    client, first = Client.objects.create_with_key("bot")
    Client.objects.filter(pk=client.pk).update(key_hash=hash_key(first))
    second = client.give_key("second")
    key = client.keys.get(name="first")
    admin_client.get(key_page("revoke", key))
    assert ClientKey.objects.with_hash(hash_key(first)), "asking changes nothing"
    admin_client.post(key_page("revoke", key))
    assert ClientKey.objects.with_hash(hash_key(first)) is None and ClientKey.objects.with_hash(hash_key(second))
    client.refresh_from_db()
    assert client.key_hash is None, "the version before would still take it"
    assert "Revoked" in client_log(client)[0]


def test_a_further_key_is_shown_once_and_named_in_the_log(admin_client: Browser) -> None:
    client, _ = Client.objects.create_with_key("bot")
    new = admin_client.get(reverse("admin:speech_client_new_key", args=[client.pk]))
    page = admin_client.post(new.headers["Location"], {"client": client.pk, "name": "laptop"}).content.decode()
    (secret,) = set(re.findall(r"sg_[\w-]{43}", page))
    assert client.keys.get(name="laptop").key_hash == hash_key(secret)
    assert "laptop" in client_log(client)[0]


def client_log(client: Client) -> list[str]:
    kind = ContentType.objects.get_for_model(Client)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(client.pk)).order_by("-pk")
    return [entry.get_change_message() for entry in entries]


def test_who_may_only_see_clients_manages_no_keys(client: Browser, django_user_model: Any) -> None:
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_client"))
    client.force_login(user)
    key = Client.objects.create_with_key("bot")[0].keys.get()
    assert client.get(change_page(key.client)).status_code == 200
    for action in ("rotate", "revoke"):
        assert client.post(key_page(action, key), {"hours": 1}).status_code == 403
    assert client.get(reverse("admin:speech_clientkey_add")).status_code == 403


def test_others_are_sent_to_the_login(client: Browser) -> None:
    assert client.get(LIST).status_code == 302


def test_the_budgets_of_a_client_that_is_switched_off_are_not_called_unlimited(admin_client: Browser) -> None:
    Client.objects.create(name="limited", daily_budget_usd=5, is_active=False)
    assert "No limit" not in admin_client.get(LIST).content.decode()
    Client.objects.create(name="unlimited")
    assert "No limit" in admin_client.get(LIST).content.decode()
