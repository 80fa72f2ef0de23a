from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client as Browser
from django.urls import reverse

from speech.models import Client, hash_key

pytestmark = pytest.mark.django_db
LIST = reverse("admin:speech_client_changelist")


def test_staff_see_the_clients(admin_client: Browser) -> None:
    client, _ = Client.objects.create_with_key("voice bot")
    page = admin_client.get(LIST).content.decode()
    assert "voice bot" in page and client.key_hint in page
    assert client.key_hash not in page


def test_the_list_costs_the_same_for_many(admin_client: Browser, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        Client.objects.create_with_key(f"bot {number}")
    with django_assert_max_num_queries(8):
        admin_client.get(LIST)


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
    assert client.key_hash == hash_key(key)
    for path in (LIST, reverse("admin:speech_client_change", args=[client.pk])):
        assert key not in admin_client.get(path).content.decode()


def test_changing_a_client_keeps_its_key_and_its_name(admin_client: Browser) -> None:
    client, key = Client.objects.create_with_key("bot")
    admin_client.post(reverse("admin:speech_client_change", args=[client.pk]), {"name": "renamed"})
    client.refresh_from_db()
    assert (client.name, client.is_active, client.key_hash) == ("bot", False, hash_key(key))


def test_revoking_switches_the_chosen_ones_off(admin_client: Browser) -> None:
    first, second = Client.objects.create_with_key("first")[0], Client.objects.create_with_key("second")[0]
    page = admin_client.post(LIST, {"action": "revoke", "_selected_action": [first.pk]}, follow=True)
    assert "Revoked 1 keys" in page.content.decode()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_active, second.is_active) == (False, True)


def test_others_are_sent_to_the_login(client: Browser) -> None:
    assert client.get(LIST).status_code == 302
