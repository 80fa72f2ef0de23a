from __future__ import annotations

from typing import Any

import pytest

from caching.models import CacheRule, CuratedAnswer
from caching.policy import Policy
from speech.api import authentication
from speech.models import Client
from speech.providers.base import ChatRequest
from speech.services.chat_plan import plan_chat


def ask(api: Any, **headers: str) -> Any:
    return api.post("/api/chat/", {"query": "What is a cache?"}, format="json", headers=headers)


def test_directives_rules_and_clients_take_effect_at_once(api: Any) -> None:
    said = [{}, {}, {"Cache-Control": "no-cache"}, {"Cache-Control": "no-store"}, {}]
    assert [ask(api, **each)["X-Cache"] for each in said] == ["MISS", "HIT", "BYPASS", "BYPASS", "HIT"]
    rule = CacheRule.objects.create(name="Off", never_store=True)
    assert ask(api)["X-Cache"] == "BYPASS"
    rule.delete()
    assert ask(api)["X-Cache"] == "HIT"
    answer = CuratedAnswer.objects.create(wordings="What is a cache?", answer="A store.", client="tester")
    assert ask(api).json()["text"] == "A store."
    answer.delete()
    assert ask(api)["X-Cache"] == "HIT"
    Client.objects.update(allowed_models="openai")
    authentication.known_keys.forget()
    assert ask(api).status_code == 403


@pytest.mark.parametrize("shares", [False, True])
def test_only_a_client_that_shares_asks_in_the_shared_scope(clients: Any, shares: bool, settings: Any) -> None:
    settings.SHARED_SCOPE_CLIENTS = 1
    client, _ = clients("one", shared_scope=shares)
    plan = plan_chat(client, ChatRequest(messages=[{"role": "user", "content": "What is a cache?"}]), Policy())
    question, _ = plan.question_for(plan.first)
    assert (question is plan.question) is not shares
