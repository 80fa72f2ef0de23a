from __future__ import annotations

from typing import Any

import pytest

from caching.policy import Policy
from speech.models import Client
from speech.providers.base import ChatRequest
from speech.routing.cache_query import NOT_KEYED, question_of
from speech.routing.fallback import first_for_chat

pytestmark = pytest.mark.django_db
MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]


def question(client: Client, **params: Any) -> Any:
    candidate = first_for_chat(ChatRequest(messages=MESSAGES, params=params), "openai")
    assert set(candidate.request.params) == set(params)
    return question_of(client, candidate, Policy("balanced"))[0]


@pytest.mark.parametrize("name", sorted(NOT_KEYED))
def test_what_changes_no_answer_is_neither_in_the_key_nor_in_the_way_of_a_semantic_hit(name: str) -> None:
    client = Client(pk=1)
    plain, labelled = question(client), question(client, **{name: "x"})
    assert labelled.key == plain.key
    assert labelled.semantic == plain.semantic is not None


@pytest.mark.parametrize("by", ["client", "setting"])
@pytest.mark.parametrize("name", ["user", "safety_identifier"])
def test_end_users_have_scopes_of_their_own_where_that_is_wanted(settings: Any, by: str, name: str) -> None:
    settings.SCOPE_BY_USER = by == "setting"
    client = Client(pk=1, scope_by_user=by == "client", shared_scope=True)
    asked = [question(client, **{name: user}) for user in ("ann", "bob", {"id": 1}, "ann")]
    assert len({each.key for each in asked}) == 3
    assert asked[0].key == asked[3].key
    assert asked[0].semantic.scope != asked[1].semantic.scope
    assert question(client).end_user == ""
