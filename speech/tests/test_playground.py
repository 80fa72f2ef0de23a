from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from caching.models import Call
from speech.models import Client
from speech.tests.loopback import FakeOpenAI

PAGE, CHAT, SPEECH = reverse("playground"), reverse("playground-chat"), reverse("playground-speech")
TRANSCRIPTION = reverse("playground-transcription")
WEBM = b"\x1a\x45\xdf\xa3" + bytes(1000)
ASKED = {"query": "What is a cache?", "provider": "demo"}

pytestmark = pytest.mark.django_db


def ask(browser: Browser, path: str, body: dict[str, Any]) -> Any:
    return browser.post(path, body, content_type="application/json")


def test_the_page_offers_levels_providers_and_voices(admin_client: Browser) -> None:
    page = admin_client.get(PAGE).content.decode()
    for text in ("balanced", "demo", "espeak", "en-gb", "openai (not configured)"):
        assert text in page


def test_staff_ask_and_hear_what_a_client_would(clients: Any, admin_client: Browser) -> None:
    answers = [ask(admin_client, CHAT, ASKED) for _ in range(2)]
    assert [answer["X-Cache"] for answer in answers] == ["MISS", "HIT"]
    sound = ask(admin_client, SPEECH, {"text": "Hello", "provider": "espeak"})
    assert sound["Content-Type"] == "audio/wav" and sound.content.startswith(b"RIFF")
    assert set(Call.objects.values_list("client", flat=True)) == {"playground"}
    assert Client.objects.filter(name="playground").count() == 1


def test_staff_dictate_a_question(
    clients: Any, admin_client: Browser, fake_openai: FakeOpenAI, settings: Any, admin_user: User
) -> None:
    page = admin_client.get(PAGE).content.decode()
    assert "data-record" in page and TRANSCRIPTION in page
    sound = SimpleUploadedFile("question.webm", WEBM, "audio/webm")
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    assert strict.post(TRANSCRIPTION, {"file": sound}).status_code == 403
    strict.get(PAGE)
    sound.seek(0)
    token = {"X-CSRFToken": strict.cookies["csrftoken"].value}
    heard = strict.post(TRANSCRIPTION, {"file": sound}, headers=token)
    assert (heard.status_code, heard["X-Cache"]) == (200, "MISS") and heard.json()["text"]
    assert Call.objects.get(cache_type="stt").client == "playground"
    settings.PROVIDERS = {**settings.PROVIDERS, "openai": {}}
    assert "data-record" not in admin_client.get(PAGE).content.decode()


def test_nobody_else_may(clients: Any, client: Browser) -> None:
    assert client.get(PAGE).status_code == 302
    assert ask(client, CHAT, ASKED).status_code in (401, 403)
    client.force_login(User.objects.create_user("customer"))
    assert client.get(PAGE).status_code == 302
    assert ask(client, CHAT, ASKED).status_code == 403


def test_it_takes_a_token(clients: Any, admin_user: User) -> None:
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    assert ask(strict, CHAT, ASKED).status_code == 403
    strict.get(PAGE)
    token = {"X-CSRFToken": strict.cookies["csrftoken"].value}
    assert strict.post(CHAT, ASKED, content_type="application/json", headers=token).status_code == 200


def test_its_addresses_are_not_in_the_schema_of_the_api(client: Browser) -> None:
    assert "playground" not in client.get(reverse("schema")).content.decode()
