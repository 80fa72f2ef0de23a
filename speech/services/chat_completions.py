"""Use case: answer a conversation, from curated answers, the cache or a provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from caching.ledger import Costs
from caching.llm import cache as llm
from caching.llm import curated
from caching.llm.entry import Answer
from caching.llm.stream import Chunk
from caching.policy import Policy
from caching.result import CacheResult, with_value
from speech.accounting import Account
from speech.exceptions import ProviderError
from speech.models import Client
from speech.privacy.disclosure import padding
from speech.providers.base import ChatRequest
from speech.routing.cache_source import chunks_of, source_of
from speech.routing.error_transfer import CACHE_ERRORS, as_ours
from speech.routing.fallback import Candidate
from speech.services.chat_plan import ChatPlan, plan_chat

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class ChatResult(Generic[T_co]):
    cache: CacheResult[T_co]
    provider: str
    model: str
    costs: Costs | None
    """None until a stream has ended."""


def chat(*, client: Client, request: ChatRequest, policy: Policy, provider: str = "") -> ChatResult[Answer]:
    """Answer `request`, from the cache if `policy` allows it, else by `provider` or a fallback.

    Raises InvalidRequest, ProviderError or NotCached.
    """
    return answer(plan_chat(client, request, policy, provider))


def stream_chat(
    *, client: Client, request: ChatRequest, policy: Policy, provider: str = ""
) -> ChatResult[Iterator[Chunk]]:
    """Do the same as OpenAI's chunks. Returns with the first chunk; reading the others may raise ProviderError."""
    return stream_answer(plan_chat(client, request, policy, provider))


def answer(plan: ChatPlan) -> ChatResult[Answer]:
    return _chat(plan, stream=False)


def stream_answer(plan: ChatPlan) -> ChatResult[Iterator[Chunk]]:
    return _chat(plan, stream=True)


def _chat(plan: ChatPlan, *, stream: bool) -> ChatResult[Any]:
    account = Account.of("llm", plan.client.name, plan.policy, plan.text)
    with account:
        if found := _curated(plan, account, stream=stream):
            return found
        candidates = plan.candidates()
        for candidate in candidates:
            account.call(candidate.provider.name, candidate.request.model)
            try:
                cached = _answer(plan, candidate, account, stream=stream)
            except ProviderError as error:
                candidates.failures.append(error)
                continue
            kind = ("stream" if stream else "chat", candidate.provider.name, candidate.request.model)
            padding.even_out(plan.client, kind, cached, account.started)
            costs = account.settle_now(cached, stream=stream)
            return ChatResult(cached, candidate.provider.name, candidate.request.model, costs)
        first = candidates.first
        stale = llm.stale(*plan.question_for(first))
        if stale or len(candidates.failures) > 1:
            account.call(first.provider.name, first.request.model)
        if stale:
            costs = account.settle(stale)
            cached = llm.as_stream(stale) if stream else stale
            return ChatResult(cached, first.provider.name, first.request.model, costs)
        raise candidates.failures[0]


def _curated(plan: ChatPlan, account: Account, *, stream: bool) -> ChatResult[Any] | None:
    """Return the answer that staff wrote for this question. Nobody knows what a provider would have billed for it."""
    if not curated.answer_book().answers:
        return None
    found = curated.find(plan.question, plan.policy, shares=plan.client.shared_scope)
    if found is None:
        return None
    model = plan.first.request.model
    account.call(curated.PROVIDER, model)
    costs = replace(account.settle(found), saved=None)
    return ChatResult(llm.as_stream(found) if stream else found, curated.PROVIDER, model, costs)


def _answer(plan: ChatPlan, candidate: Candidate[ChatRequest], account: Account, *, stream: bool) -> CacheResult[Any]:
    question, policy = plan.question_for(candidate)
    account.under(policy, question)
    try:
        if found := llm.find(question, policy):
            return llm.as_stream(found) if stream else found
        source = source_of(candidate.provider, candidate.request, policy, account, key=question.key)
        if not stream:
            return llm.ask(question, policy, source)
        cached = llm.ask_for_stream(question, policy, source)
    except CACHE_ERRORS as error:
        raise as_ours(error) from error
    return with_value(cached, chunks_of(cached, account))
