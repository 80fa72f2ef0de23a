"""The cache's view of a request: whose entry it is, and which of its fields are part of the key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from caching import keys
from caching.llm.request import ChatQuery
from caching.policy import Policy
from caching.rules.engine import apply_to_answer
from speech.models import Client
from speech.privacy.shared_scope import shared_if_admitted
from speech.providers.base import ChatRequest
from speech.routing.fallback import Candidate

NOT_KEYED = frozenset({"user", "safety_identifier", "metadata", "store", "prompt_cache_key", "service_tier"})
"""Passed on to the provider. They identify, label or price a request, and do not change its answer."""


def question_of(client: Client, candidate: Candidate[ChatRequest], policy: Policy) -> tuple[ChatQuery, Policy]:
    """Return the question, and `policy` under the cache rule that applies."""
    request = candidate.request
    params = request.params
    scope, user = client.private_scope, _end_user(client, params)
    if user is not None:
        scope = f"{scope}:user:{keys.digest(user)[:32]}"
    if not NOT_KEYED.isdisjoint(params):
        params = {name: value for name, value in params.items() if name not in NOT_KEYED}
    about = (request.model, request.messages, params, request.language, candidate.provider.service)
    question = ChatQuery(scope, candidate.provider.name, *about, client.name)
    policy = apply_to_answer(policy, question)
    # Who keeps end users apart does not share their answers with other clients either.
    return question if user is not None else shared_if_admitted(client, question, policy), policy


def _end_user(client: Client, params: Mapping[str, Any]) -> Any:
    """Return OpenAI's `user`, or the `safety_identifier` that replaces it, if entries are kept apart by it."""
    if not (settings.SCOPE_BY_USER or client.scope_by_user):
        return None
    return params.get("user", params.get("safety_identifier"))
