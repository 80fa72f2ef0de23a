from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from caching.models import CacheRule
from caching.policy import Policy
from caching.rules.engine import RuleBook
from speech.api import authentication
from speech.models import Client
from speech.providers.base import ChatRequest
from speech.services import chat_plan, plans
from speech.services.chat_plan import ChatPlan, plan_chat
from speech.services.plans import Plans

REQUEST = ChatRequest(messages=[{"role": "user", "content": "What is a cache?"}])

Planned = Callable[..., ChatPlan]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Planned:
    """Plan REQUEST for a client, under one set of plans and rules that are not read again."""
    book, made = RuleBook([]), Plans[ChatPlan]()
    monkeypatch.setattr(chat_plan, "rule_book", lambda: book)
    return lambda client, *headers: made.get(client, *headers, make=lambda: plan_chat(client, REQUEST, Policy()))


def test_a_repeated_question_is_planned_once(planned: Planned, clients: Any) -> None:
    client, _ = clients("one")
    assert planned(client, "") is planned(client, "")
    assert planned(client, "").question.key == planned(client, "no-cache").question.key


def test_a_plan_is_for_its_headers_and_its_client_only(planned: Planned, clients: Any) -> None:
    one, other = clients("one")[0], clients("other")[0]
    plans = [planned(one, ""), planned(one, "no-cache"), planned(other, ""), planned(one, "", "no-cache")]
    assert len({id(plan) for plan in plans}) == 4
    assert plans[0].question.key != plans[2].question.key


def test_a_plan_ends_when_its_client_or_the_rules_are_read_again(
    planned: Planned, clients: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = clients("one")
    first = planned(client, "")
    again = Client.objects.get(pk=client.pk)
    assert planned(again, "").client is again
    book = RuleBook([])
    monkeypatch.setattr(chat_plan, "rule_book", lambda: book)
    assert planned(client, "").rules is not first.rules


def test_a_client_that_varies_its_headers_fills_no_memory(planned: Planned, clients: Any) -> None:
    client, _ = clients("one")
    first = planned(client, "max-age=0")
    for seconds in range(1, plans.MAX_PLANS):
        planned(client, f"max-age={seconds}")
    assert planned(client, "max-age=0") is first
    planned(client, "one too many")
    assert planned(client, "max-age=0") is not first


def ask(api: Any, **headers: str) -> Any:
    return api.post("/api/chat/", {"query": "What is a cache?"}, format="json", headers=headers)


def test_directives_rules_and_clients_take_effect_at_once(api: Any) -> None:
    said = [{}, {}, {"Cache-Control": "no-cache"}, {"Cache-Control": "no-store"}, {}]
    assert [ask(api, **each)["X-Cache"] for each in said] == ["MISS", "HIT", "BYPASS", "BYPASS", "HIT"]
    rule = CacheRule.objects.create(name="Off", never_store=True)
    assert ask(api)["X-Cache"] == "BYPASS"
    rule.delete()
    assert ask(api)["X-Cache"] == "HIT"
    Client.objects.update(allowed_models="openai")
    authentication.known_keys.forget()
    assert ask(api).status_code == 403
