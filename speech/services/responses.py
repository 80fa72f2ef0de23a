"""Use case: answer a Responses request by the Responses API of a provider, from the cache if it is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from caching.background import drain
from caching.llm import cache as llm
from caching.llm.entry import Answer
from caching.llm.request import ChatQuery
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redaction import excerpt
from caching.result import CacheResult, miss, with_value
from speech.accounting import Account
from speech.exceptions import ProviderError
from speech.iterators import primed
from speech.models import Client
from speech.privacy.disclosure import padding
from speech.providers._shared.openai_responses import ENDS, read_response
from speech.providers.base import BaseProvider, ChatAnswer, ChatRequest
from speech.routing.breaker import calling
from speech.routing.cache_query import question_of
from speech.routing.error_transfer import CACHE_ERRORS, FAILURES, as_ours
from speech.routing.fallback import Candidate
from speech.services import ChatResult

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
        costs = None if stream and cached.status != "hit" else account.settle(cached)
        return ChatResult(cached, asked.provider.name, asked.request.model, costs)


def _answer(
    asked: NativeRequest, question: ChatQuery, policy: Policy, account: Account, *, stream: bool
) -> CacheResult[Any]:
    if found := llm.find(question, policy):
        return found
    if not stream:
        # Only whole answers are asked for under this key, so nobody reads its source as chunks.
        source = llm.Source(lambda: _whole(asked), lambda: iter(()), FAILURES, settings.PROVIDER_READ_TIMEOUT)
        return llm.ask(question, policy, source)
    result = miss("llm", question.key, policy, None, subject=f"query: {excerpt(account.text)}")
    events = MeteredEvents(asked, question, policy, result)
    return with_value(result, primed(_finished(account.metered(iter(events), events))))


class MeteredEvents:
    """The events of a streamed response, which is stored at its end."""

    def __init__(self, asked: NativeRequest, question: ChatQuery, policy: Policy, result: CacheResult[Any]) -> None:
        self._asked, self._question, self._policy, self._result = asked, question, policy, result
        self._begun = False
        self._answer: Answer | None = None

    def __iter__(self) -> Iterator[Event]:
        provider, request = self._asked.provider, self._asked.request
        with calling(provider, "chat"):
            for event in provider.stream_response(request):
                self._begun = True
                if event["type"] in ENDS:
                    self._answer = read_response(provider.name, event["response"])
                    llm.remember(self._question, self._answer, self._policy)
                yield event

    @property
    def result(self) -> CacheResult[Any]:
        if self._answer:
            return replace(self._result, billed=Usage.from_tokens(self._answer.usage))
        # A stream that is cut off is billed as far as it went, and no provider says how far.
        return replace(self._result, billed=None if self._begun else Usage())


def _finished(events: Iterator[Event]) -> Iterator[Event]:
    """Yield `events`. If the consumer stops, the rest is read in the background."""
    try:
        for event in events:  # noqa: UP028 - `yield from` would close them
            yield event
    except GeneratorExit:
        drain(events)
        raise


def _whole(asked: NativeRequest) -> ChatAnswer:
    with calling(asked.provider, "chat"):
        return asked.provider.respond(asked.request)
