"""Requests to a provider's own Responses API, and its responses under our ids."""

from __future__ import annotations

from collections.abc import Sequence

from caching.llm.request import text_of
from speech.api.openai.responses.encrypted_content import is_packed
from speech.api.openai.responses.messages import Item
from speech.api.openai.responses.response import Response
from speech.api.openai.responses.serializers import ResponseCall
from speech.api.openai.responses.storage import Conversation
from speech.providers._shared.openai_chat import language_wish
from speech.providers._shared.openai_responses import BODY
from speech.providers.base import BaseProvider, ChatRequest
from speech.routing.cache_query import NOT_KEYED

_NOT_SENT = {
    "model",
    "stream",
    "stream_options",
    "previous_response_id",
    "optimization_level",
    "language",
    "client_metadata",
}


def request_for(
    provider: BaseProvider, call: ResponseCall, conversation: Conversation, model: str, *, store: bool
) -> ChatRequest:
    """Return the request that `provider` gets, prepared. What is not stored here is not to be stored there.

    An earlier response of its own is continued by its id there; any other one by its items.
    """
    own = {name: value for name, value in call.body.items() if name not in _NOT_SENT | NOT_KEYED}
    if conversation.upstream and conversation.upstream["provider"] == provider.name:
        own |= {"input": _readable(conversation.own), "previous_response_id": conversation.upstream["id"]}
    elif conversation.items:
        plain = isinstance(call.body.get("input"), str) and not conversation.earlier
        own["input"] = call.body["input"] if plain else _readable(conversation.items)
    if language := call.body.get("language"):
        own["instructions"] = "\n\n".join(filter(None, (own.get("instructions"), language_wish(language))))
    beside = {name: call.body[name] for name in NOT_KEYED if name in call.body} | ({} if store else {"store": False})
    message = {"role": "user", "content": _question(conversation)}
    return provider.prepare_chat(ChatRequest([message], model=model, params={BODY: own, **beside}))


def as_ours(found: Response, response: Response) -> Response:
    """Return a provider's response under the ids of `response`, which is ours."""
    users = {name: response[name] for name in ("user", "safety_identifier") if response[name] is not None}
    return {**found, **users, **{name: response[name] for name in ("id", "previous_response_id", "store")}}


def _readable(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if not is_packed(item)]


def _question(conversation: Conversation) -> str:
    """Return the last text of the user, by which staff and cache rules know the request."""
    for item in reversed(conversation.items):
        if item.get("role") == "user":
            return text_of(item)
    return ""
