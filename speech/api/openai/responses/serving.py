"""A Responses request answered: over chat, or by the provider's own Responses API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.http.response import HttpResponseBase

from caching.llm.stream import replay
from caching.policy import Policy
from caching.result import CacheResult
from speech import answer_ids, providers, services
from speech.api.endpoint import json_response
from speech.api.openai.model_names import ResolvedModel
from speech.api.openai.responses import answer as chat_answer
from speech.api.openai.responses import native, storage
from speech.api.openai.responses.chat_request import ENCRYPTED, needs_native, prefers_native, tools_of
from speech.api.openai.responses.events import as_sse, written
from speech.api.openai.responses.items import Event
from speech.api.openai.responses.replay import replayed
from speech.api.openai.responses.response import Response, begun
from speech.api.openai.responses.serializers import ResponseCall, chat_call
from speech.api.openai.responses.storage import Conversation
from speech.api.openai.responses.tools import names_in_chat
from speech.api.response_headers import headers
from speech.api.streaming import EVENTS, streamed
from speech.exceptions import UnsupportedFeature
from speech.iterators import finished
from speech.models import Client
from speech.privacy.disclosure import hides
from speech.providers._shared.openai_responses import ENDS, response_in
from speech.services import responses
from speech.services.chat_plan import ChatPlan, plan_chat


@dataclass(frozen=True, slots=True)
class ResolvedCall:
    """A request with everything that it refers to, looked up."""

    client: Client
    call: ResponseCall
    conversation: Conversation
    target: ResolvedModel
    policy: Policy
    stored: bool
    """The response may be stored in the database."""
    plan: ChatPlan | None = None
    """Made before, if it does not depend on the conversation (see `plan_over_chat`)."""

    @property
    def streams_live(self) -> bool:
        """False also where the pace of a stream would tell a stored answer from one that is being made."""
        return self.call.stream and not hides(self.client)

    @property
    def writer_options(self) -> dict[str, Any]:
        """Options of `ResponseWriter`."""
        return {
            "wants_encrypted_content": ENCRYPTED in (self.call.body.get("include") or ()),
            "names": names_in_chat(tools_of(self.call.body, self.conversation.items)),
        }

    def new_id(self, cached: CacheResult[Any]) -> str:
        return answer_ids.issue(self.client, cached, self.policy.level, prefix=answer_ids.RESPONSE)

    def keep(self, response: Response, upstream: dict[str, str] | None = None) -> Response:
        return storage.keep(self.client, response, self.conversation, upstream) if self.stored else response

    def to_the_end(self, events: Iterator[Event]) -> Iterator[Event]:
        """Return `events`, which are read to their end without the client too if the response is to be stored."""
        return finished(events) if self.stored else events


def plan_over_chat(client: Client, call: ResponseCall, target: ResolvedModel, policy: Policy) -> ChatPlan | None:
    """Return the plan of a request that continues no other and is answered over chat, else None."""
    if call.chat is None or (providers.get(target.provider).responds and prefers_native(call.body, call.items)):
        return None
    return plan_chat(client, replace(call.chat.request, model=target.model), policy, target.provider)


def answered(resolved: ResolvedCall) -> HttpResponseBase:
    """Answer over chat, unless the request needs more and the provider has it. Raises UnsupportedFeature."""
    provider = providers.get(resolved.target.provider)
    missing = needs_native(resolved.call.body, resolved.conversation.items)
    if provider.responds and (missing or prefers_native(resolved.call.body, resolved.conversation.items)):
        return _natively(resolved)
    if missing:
        raise UnsupportedFeature(
            f"{provider.name} is asked by chat completions, which do not have: {', '.join(missing)}",
            param=missing[0].partition(" ")[0],
        )
    return _over_chat(resolved)


def _over_chat(resolved: ResolvedCall) -> HttpResponseBase:
    plan = resolved.plan
    if plan is None:
        chat, target = chat_call(resolved.call.body, resolved.conversation.items), resolved.target
        request = replace(chat.request, model=target.model)
        plan = plan_chat(resolved.client, request, resolved.policy, target.provider)
    if resolved.streams_live:
        stream = services.stream_answer(plan)
        response, about = _begun(resolved, stream), headers(resolved.client, stream)
        events = written(response, stream.cache.value, resolved.keep, **resolved.writer_options)
        return _streamed(resolved.to_the_end(events), response, about)
    result = services.answer(plan)
    answer, response, about = result.cache.value, _begun(resolved, result), headers(resolved.client, result)
    if not resolved.call.stream:
        return json_response(resolved.keep(chat_answer.whole(response, answer, **resolved.writer_options)), about)
    chunks = replay(answer.choices, model=answer.model, usage=answer.usage, id=response["id"], extra=answer.extra)
    return _streamed(written(response, chunks, resolved.keep, **resolved.writer_options), response, about)


def _natively(resolved: ResolvedCall) -> HttpResponseBase:
    provider = providers.get(resolved.target.provider)
    request = native.request_for(
        provider, resolved.call, resolved.conversation, resolved.target.model, store=resolved.stored
    )
    policy = resolved.policy
    if resolved.call.body.get("conversation"):
        # Its state is the provider's, and changes with each response.
        policy = replace(policy, read=False, write=False)
    native_request = responses.NativeRequest(resolved.client, provider, request, policy)
    result = responses.respond(native_request, stream=resolved.streams_live)
    response, about = _begun(resolved, result), headers(resolved.client, result)

    def ours(found: Response) -> Response:
        return native.as_ours(found, response)

    def kept(found: Response) -> Response:
        return resolved.keep(ours(found), {"provider": provider.name, "id": str(found.get("id"))})

    if resolved.streams_live and result.cache.status != "hit":
        events = _renamed(result.cache.value, ours, kept)
        return _streamed(resolved.to_the_end(events), response, about)
    found = kept(response_in(result.cache.value))
    return _streamed(replayed(found), response, about) if resolved.call.stream else json_response(found, about)


def _renamed(
    events: Iterator[Event], ours: Callable[[Response], Response], kept: Callable[[Response], Response]
) -> Iterator[Event]:
    for event in events:
        rename = kept if event["type"] in ENDS else ours
        yield {**event, "response": rename(event["response"])} if "response" in event else event


def _begun(resolved: ResolvedCall, result: services.ChatResult[Any]) -> Response:
    return begun(resolved.call.body, id=resolved.new_id(result.cache), model=result.model, stored=resolved.stored)


def _streamed(events: Iterator[Event], response: Response, about: dict[str, str]) -> HttpResponseBase:
    return streamed(as_sse(events, response), EVENTS, about)
