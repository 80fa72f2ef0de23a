"""The cache's view of a request: whose entry it is, and which of its fields are part of the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings

from caching import keys
from caching.embeddings import Passage
from caching.llm.request import ChatQuery
from caching.policy import Policy
from caching.rules.engine import apply_to_answer
from caching.stt import Recording
from speech.models import Client
from speech.privacy.shared_scope import all_shared_if_admitted, shared_if_admitted
from speech.providers.base import NOT_KEYED, BaseProvider, ChatRequest, EmbeddingRequest, TranscriptionRequest
from speech.routing.fallback import Candidate


def question_of(client: Client, candidate: Candidate[ChatRequest], policy: Policy) -> tuple[ChatQuery, Policy]:
    """Return the question, and `policy` under the cache rule that applies."""
    question = own_question(client, candidate)
    policy = apply_to_answer(policy, question)
    return shared_question(client, question, policy), policy


def shared_question(client: Client, question: ChatQuery, policy: Policy) -> ChatQuery:
    """Return `question` in the scope that clients share, if it may be shared, else as it is."""
    return question if question.end_user else shared_if_admitted(client, question, policy)


def own_question(client: Client, candidate: Candidate[ChatRequest]) -> ChatQuery:
    """Return the question in the scope of this client alone."""
    request = candidate.request
    params = request.params
    user = end_user_of(client, params)
    if not NOT_KEYED.isdisjoint(params):
        params = {name: value for name, value in params.items() if name not in NOT_KEYED}
    about = (request.model, request.messages, params, request.language, candidate.provider.service)
    return ChatQuery(client.private_scope, candidate.provider.name, *about, client.name, user)


def recording_of(client: Client, provider: BaseProvider, request: TranscriptionRequest) -> Recording:
    """Return a recording with everything that its transcript depends on. Recordings are never shared."""
    options = {name: value for name, value in asdict(request).items() if name not in ("audio", "kind")}
    options["unknown"] = [pair for pair in request.unknown if pair[0] not in NOT_KEYED]
    options |= provider.service_option | _user_option(end_user_of(client, dict(request.unknown)))
    return Recording(client.private_scope, provider.name, request.audio, options, client.name)


def passages_of(client: Client, provider: BaseProvider, request: EmbeddingRequest, policy: Policy) -> list[Passage]:
    """Return each input of a prepared request with everything that its vector depends on."""
    options = {name: value for name, value in request.params.items() if name not in NOT_KEYED}
    user = end_user_of(client, request.params)
    options |= provider.service_option | _user_option(user)
    about = (client.private_scope, provider.name, request.model)
    if not request.is_plain:
        # A vector may depend on all inputs and on its own place among them.
        options["inputs"] = keys.digest(request.inputs)
        return [
            Passage(*about, content, options | {"position": position}, client.name)
            for position, content in enumerate(request.inputs)
        ]
    # Both encodings hold the same numbers.
    options.pop("encoding_format", None)
    passages = [Passage(*about, content, options, client.name) for content in request.inputs]
    return passages if user else all_shared_if_admitted(client, passages, policy)


def end_user_of(client: Client, params: Mapping[str, Any]) -> str:
    """Return the digest of OpenAI's `user`, or of `safety_identifier`, its successor; "" if users share entries.

    The answers of end users that are kept apart are not shared with other clients either.
    """
    if not (settings.SCOPE_BY_USER or client.scope_by_user):
        return ""
    named = (params.get(name) for name in ("user", "safety_identifier"))
    user = next((user for user in named if user is not None), None)
    return "" if user is None else keys.content_of(user)


def _user_option(user: str) -> dict[str, str]:
    return {"user": user} if user else {}
