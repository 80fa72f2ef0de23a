"""A pinned entry is served without Redis, for requests with the context of its entry alone."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import reverse

from caching.models import AuditEntry, CuratedAnswer
from caching.redis import scan
from caching.tests.support.staff import READING, browser_of

pytestmark = pytest.mark.django_db
QUESTION = "Which lane is closed?"
SYSTEM = {"role": "system", "content": "You are a lifeguard."}
PIN = reverse("pin-key")


def ask(api: Any, *messages: dict[str, str], **fields: Any) -> Any:
    return api.post(
        "/api/chat/", {"messages": [*messages, {"role": "user", "content": QUESTION}], **fields}, format="json"
    )


@pytest.fixture
def key(api: Any, redis_client: redis.Redis) -> str:
    """An entry with a system prompt."""
    assert ask(api, SYSTEM).status_code == 200
    return next(name for names in scan.scan_all("llm:exact:*") for name in names)


@pytest.fixture
def curator(db: None) -> Browser:
    return browser_of("curator", *READING, "view_curatedanswer", "add_curatedanswer", "change_curatedanswer")


def test_a_pinned_answer_outlives_a_flush_and_is_for_its_context_alone(
    api: Any, key: str, curator: Browser, redis_client: redis.Redis
) -> None:
    stored = ask(api, SYSTEM).json()["text"]
    assert PIN in curator.get(reverse("key"), {"key": key}).content.decode()
    assert curator.post(PIN, {"key": key}).status_code == 302
    assert "Pinned: this answer" in curator.get(reverse("key"), {"key": key}).content.decode()
    call_command("cache_flush", "--yes")
    served = ask(api, SYSTEM, optimization_level="quality")
    assert (served["X-Provider"], served.json()["text"]) == ("curated", stored)
    for other in (ask(api), ask(api, {**SYSTEM, "content": "You are a pirate."}), ask(api, SYSTEM, language="hi")):
        assert other["X-Provider"] != "curated"
    call_command("cache_flush", "--yes", "--curated")
    assert ask(api, SYSTEM)["X-Provider"] != "curated"


def test_it_can_be_edited_and_given_further_wordings(api: Any, key: str, curator: Browser) -> None:
    curator.post(PIN, {"key": key})
    pinned = CuratedAnswer.objects.get()
    address = reverse("admin:caching_curatedanswer_change", args=[pinned.pk])
    form = {"wordings": f"{QUESTION}\nWhat lane may nobody use?", "answer": "Lane 3.", "client": pinned.client}
    assert curator.post(address, {**form, "enabled": "on"}).status_code == 302
    reply = api.post(
        "/api/chat/", {"messages": [SYSTEM, {"role": "user", "content": "What lane may nobody use?"}]}, format="json"
    )
    assert (reply["X-Provider"], reply.json()["text"]) == ("curated", "Lane 3.")


def test_pinning_twice_is_once_and_is_in_the_audit(key: str, curator: Browser) -> None:
    for _ in range(2):
        assert curator.post(PIN, {"key": key}).status_code == 302
    assert CuratedAnswer.objects.count() == 1
    assert AuditEntry.objects.filter(change_message=f"Pinned {key}").exists()


def test_readers_see_no_button_and_are_refused(key: str) -> None:
    reader = browser_of("reader", *READING)
    assert PIN not in reader.get(reverse("key"), {"key": key}).content.decode()
    assert reader.post(PIN, {"key": key}).status_code == 403
    assert not CuratedAnswer.objects.exists()


def test_what_is_no_plain_text_cannot_be_pinned(api: Any, curator: Browser, redis_client: redis.Redis) -> None:
    asked = {"model": "demo/demo", "messages": [{"role": "user", "content": QUESTION}], "seed": 7}
    assert api.post("/v1/chat/completions", asked, format="json").status_code == 200
    name = next(name for names in scan.scan_all("llm:exact:*") for name in names)
    assert PIN not in curator.get(reverse("key"), {"key": name}).content.decode()
    assert "Not pinned" in curator.post(PIN, {"key": name}, follow=True).content.decode()
