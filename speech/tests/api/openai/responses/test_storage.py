"""Responses in the database: whose, how long, and when not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import Settings

from speech.api.openai.responses import storage
from speech.models import StoredResponse
from speech.tests.loopback import FakeOpenAI
from speechsite.conf.env import MOST_DAYS


def ask(api: Any, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return api.post(
        "/v1/responses", {"model": "gpt-6-luna", "input": "Hello", **fields}, format="json", headers=headers
    )


def status_of(api: Any, id: str) -> int:
    status: int = api.get(f"/v1/responses/{id}").status_code
    return status


@pytest.mark.parametrize("days", [3, MOST_DAYS])
def test_a_response_lives_for_its_time(api: Any, fake_openai: FakeOpenAI, settings: Settings, days: int) -> None:
    settings.RESPONSES_RETENTION_DAYS = days
    id = ask(api).json()["id"]
    stored = StoredResponse.objects.get()
    assert timedelta(days=days - 0.1) < stored.expires - timezone.now() < timedelta(days=days)
    StoredResponse.objects.update(expires=timezone.now())
    assert status_of(api, id) == 404
    unknown = ask(api, previous_response_id=id)
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (400, "previous_response_not_found")
    storage._prune()
    assert not StoredResponse.objects.exists()


@pytest.mark.parametrize("why", ["the client is never stored", "it does not say so", "nothing is kept", "no-store"])
def test_what_must_not_be_stored_leaves_no_row(
    api: Any, fake_openai: FakeOpenAI, settings: Settings, clients: Callable[..., tuple[Any, str]], why: str
) -> None:
    headers = {}
    if why == "the client is never stored":
        _, key = clients("shy", never_store=True)
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    if why == "nothing is kept":
        settings.RESPONSES_RETENTION_DAYS = 0
    if why == "no-store":
        headers = {"Cache-Control": "no-store"}
    response = ask(api, headers, store=why != "it does not say so")
    assert (response.status_code, response.json()["store"]) == (200, False)
    b"".join(ask(api, headers, store=why != "it does not say so", stream=True))
    assert not StoredResponse.objects.exists()


def test_without_a_database_the_answer_is_given_and_not_stored(
    api: Any, fake_openai: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **fields: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(type(StoredResponse.objects.all()), "create", fail)
    response = ask(api)
    assert (response.status_code, response.json()["store"]) == (200, False)
    assert response.json()["output"][0]["content"][0]["text"] == "You said: Hello. That is all."


def test_a_conversation_goes_on_over_several_responses(api: Any, fake_openai: FakeOpenAI) -> None:
    id = ""
    for number in range(4):
        before: dict[str, Any] = {"previous_response_id": id} if id else {}
        id = ask(api, input=f"Turn {number}", instructions=f"Rule {number}", **before).json()["id"]
    roles = [(message["role"], message["content"]) for message in fake_openai.requests[-1].body["messages"]]
    assert roles[0] == ("system", "Rule 3"), "instructions are not carried over"
    assert [content for role, content in roles if role == "user"] == [f"Turn {number}" for number in range(4)]
    assert len(roles) == 8


def test_a_hit_is_stored_under_its_own_id(api: Any, fake_openai: FakeOpenAI) -> None:
    ids = {ask(api).json()["id"] for _ in range(3)}
    assert len(ids) == StoredResponse.objects.count() == 3
    assert {status_of(api, id) for id in ids} == {200}
    assert len(fake_openai.requests) == 1


def test_references_to_items_are_resolved_for_their_client(
    api: Any, fake_openai: FakeOpenAI, clients: Callable[..., tuple[Any, str]]
) -> None:
    item = ask(api).json()["output"][0]
    asked = [{"type": "item_reference", "id": item["id"]}, {"role": "user", "content": "And?"}]
    assert ask(api, input=asked).status_code == 200
    assert fake_openai.requests[-1].body["messages"][0] == {
        "role": "assistant",
        "content": "You said: Hello. That is all.",
    }
    _, key = clients("other")
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert ask(api, input=asked).json()["error"]["param"] == "input"


@pytest.mark.parametrize("name", ["user", "safety_identifier"])
def test_end_users_that_are_kept_apart_find_their_own_responses_only(
    api: Any, fake_openai: FakeOpenAI, settings: Settings, name: str
) -> None:
    settings.SCOPE_BY_USER = True
    ann: dict[str, Any] = {name: "ann"}
    made = ask(api, **ann).json()
    address, reference = f"/v1/responses/{made['id']}", [{"type": "item_reference", "id": made["output"][0]["id"]}]
    nobody: dict[str, Any] = {}
    for named, found in ((nobody, False), ({name: "bob"}, False), (ann, True)):
        assert api.get(address, named).status_code == (200 if found else 404)
        assert api.get(f"{address}/input_items", named).status_code == (200 if found else 404)
        assert ask(api, previous_response_id=made["id"], **named).status_code == (200 if found else 400)
        assert ask(api, input=reference, **named).status_code == (200 if found else 404)
    assert api.delete(address).status_code == 404
    settings.SCOPE_BY_USER = False
    assert status_of(api, made["id"]) == 200


def test_pages_of_input_items(api: Any, fake_openai: FakeOpenAI) -> None:
    said = [{"role": "user", "content": f"Word {number}"} for number in range(25)]
    address = f"/v1/responses/{ask(api, input=said).json()['id']}/input_items"
    first = api.get(address).json()
    assert (len(first["data"]), first["has_more"]) == (20, True)
    assert first["data"][0]["content"] == [{"type": "input_text", "text": "Word 24"}]
    rest = api.get(address, {"after": first["last_id"]}).json()
    assert [item["content"][0]["text"] for item in rest["data"]] == [f"Word {number}" for number in (4, 3, 2, 1, 0)]
    assert api.get(address, {"order": "asc", "limit": 1}).json()["data"][0]["content"][0]["text"] == "Word 0"
    assert api.get(address, {"limit": "many"}).status_code == 400


def test_feedback_takes_the_id_of_a_response(api: Any, fake_openai: FakeOpenAI) -> None:
    id = ask(api).json()["id"]
    assert api.post("/api/feedback/", {"id": id, "correct": False}, format="json").status_code == 202
    assert ask(api).headers["X-Cache"] == "MISS"


def test_forgetting_a_client_forgets_its_responses(
    api: Any, fake_openai: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    ask(api)
    call_command("forget", client="tester", yes=True)
    assert "1 stored responses" in capsys.readouterr().out
    assert not StoredResponse.objects.exists()
