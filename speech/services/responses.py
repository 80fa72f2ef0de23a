"""Use case: answer a Responses request by the Responses API of a provider, from the cache if it is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from caching.llm import cache as llm
from caching.llm.request import ChatQuery
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redaction import excerpt
from caching.result import CacheResult, miss, with_value
from speech.accounting import Account
from speech.exceptions import ProviderError
from speech.iterators import finished, primed
from speech.models import Client
from speech.privacy.disclosure import padding
from speech.providers._shared.openai_responses import ENDS, chat_usage, read_response
from speech.providers.base import BaseProvider, ChatAnswer, ChatRequest
from speech.routing.breaker import calling
from speech.routing.cache_query import question_of
from speech.routing.error_transfer import CACHE_ERRORS, FAILURES, as_ours
from speech.routing.fallback import Candidate
from speech.services.chat_completions import ChatResult

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NativeRequest:
    """A request to a provider with a Responses API. Its answers are found by the same request only."""

    client: Client
    provider: BaseProvider
    request: ChatRequest
    """Prepared by the provider, with the body as the parameter `response`."""
    policy: Policy

    @property
    def question(self) -> tuple[ChatQuery, Policy]:
        return question_of(self.client, Candidate(self.provider, self.request), self.client.tightened(self.policy))


def respond(asked: NativeRequest, *, stream: bool) -> ChatResult[Any]:
    """Return a hit, or the answer of the provider: whole, or with `stream` its events from the first one on.

    Reading the events may raise ProviderError. Raises InvalidRequest, ProviderError or NotCached.
    """
    asked.client.model_access.require(asked.provider.name, asked.request.model)
    question, policy = asked.question
    account = Account.of("llm", asked.client.name, policy, question.text)
    with account:
        account.call(asked.provider.name, asked.request.model)
        try:
            cached = _answer(asked, question, policy, account, stream=stream)
        except CACHE_ERRORS as error:
            raise as_ours(error) from error
        except ProviderError:
            if not (found := llm.stale(question, policy)):
                raise
            cached = found
        padding.even_out(asked.client, ("response", asked.provider.name, stream), cached, account.started)
        costs = account.settle_now(cached, stream=stream)
        return ChatResult(cached, asked.provider.name, asked.request.model, costs)


def _answer(
    asked: NativeRequest, question: ChatQuery, policy: Policy, account: Account, *, stream: bool
) -> CacheResult[Any]:
    if found := llm.find(question, policy):
        return found
    if not stream:
        # Only whole answers are asked for under this key, so nobody reads its source as chunks.
        source = llm.Source(lambda: _whole(asked, account), lambda: iter(()), FAILURES, settings.PROVIDER_READ_TIMEOUT)
        return llm.ask(question, policy, source)
    result = miss("llm", question.key, policy, None, subject=f"query: {excerpt(account.text)}")
    events = account.metered(_events(asked, question, policy, account), result, _usage_of)
    return with_value(result, primed(finished(events)))


def _events(asked: NativeRequest, question: ChatQuery, policy: Policy, account: Account) -> Iterator[Event]:
    """Yield the events of a streamed response, which is stored before its last one."""
    account.asks_provider()
    with calling(asked.provider, "chat", asked.request.model):
        for event in asked.provider.stream_response(asked.request):
            if event["type"] in ENDS:
                llm.remember(question, read_response(asked.provider.name, event["response"]), policy)
            yield event


def _usage_of(event: Event) -> Usage | None:
    return Usage.from_tokens(chat_usage(event["response"].get("usage"))) if event["type"] in ENDS else None


def _whole(asked: NativeRequest, account: Account) -> ChatAnswer:
    account.asks_provider()
    with calling(asked.provider, "chat", asked.request.model):
        return asked.provider.respond(asked.request)
