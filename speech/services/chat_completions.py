"""Use case: answer a conversation, from curated answers, the cache or a provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from caching.ledger import Costs
from caching.llm import cache as llm
from caching.llm import curated
from caching.llm.entry import Answer
from caching.llm.request import ChatQuery
from caching.llm.stream import Chunk
from caching.models import CuratedAnswer
from caching.policy import Policy
from caching.result import CacheResult, NothingCached, with_value
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
    with Account.of("llm", plan.client.name, plan.policy, plan.text) as account:
        if plan.curated:
            return _curated(plan, plan.curated, account, stream=stream)
        question, policy, found = _look_up(plan, plan.first, account, stream=stream)
        if found:
            return _result(plan, plan.first, found, account, stream=stream)
        return _ask(plan, question, policy, account, stream=stream)


def _curated(plan: ChatPlan, found: CuratedAnswer, account: Account, *, stream: bool) -> ChatResult[Any]:
    """Return the answer that staff wrote for this question. Nobody knows what a provider would have billed for it."""
    model = plan.first.request.model
    account.call(curated.PROVIDER, model)
    cached = curated.hit(plan.question, plan.policy, found)
    costs = replace(account.settle(cached), saved=None)
    return ChatResult(llm.as_stream(cached) if stream else cached, curated.PROVIDER, model, costs)


def _look_up(
    plan: ChatPlan, candidate: Candidate[ChatRequest], account: Account, *, stream: bool
) -> tuple[ChatQuery, Policy, CacheResult[Any] | None]:
    """Return the question as `candidate` would answer it, its policy, and the stored answer if there is one."""
    account.call(candidate.provider.name, candidate.request.model)
    question, policy = plan.question_for(candidate)
    account.under(policy, question)
    try:
        found = llm.find(question, policy)
    except NothingCached as error:
        raise as_ours(error) from error
    return question, policy, llm.as_stream(found) if found and stream else found


def _result(
    plan: ChatPlan, candidate: Candidate[ChatRequest], cached: CacheResult[Any], account: Account, *, stream: bool
) -> ChatResult[Any]:
    provider, model = candidate.provider.name, candidate.request.model
    padding.even_out(plan.client, ("stream" if stream else "chat", provider, model), cached, account.started)
    return ChatResult(cached, provider, model, account.settle_now(cached, stream=stream))


def _ask(plan: ChatPlan, question: ChatQuery, policy: Policy, account: Account, *, stream: bool) -> ChatResult[Any]:
    """Answer a question whose answer by the first candidate is not stored."""
    candidates = plan.candidates()
    for candidate in candidates:
        if candidate is not plan.first:
            question, policy, found = _look_up(plan, candidate, account, stream=stream)
            if found:
                return _result(plan, candidate, found, account, stream=stream)
        try:
            cached = _answer(candidate, question, policy, account, stream=stream)
        except ProviderError as error:
            candidates.failures.append(error)
            continue
        return _result(plan, candidate, cached, account, stream=stream)
    first = candidates.first
    stale = llm.stale(*plan.question_for(first))
    if stale or len(candidates.failures) > 1:
        account.call(first.provider.name, first.request.model)
    if stale:
        costs = account.settle(stale)
        cached = llm.as_stream(stale) if stream else stale
        return ChatResult(cached, first.provider.name, first.request.model, costs)
    raise candidates.failures[0]


def _answer(
    candidate: Candidate[ChatRequest], question: ChatQuery, policy: Policy, account: Account, *, stream: bool
) -> CacheResult[Any]:
    source = source_of(candidate.provider, candidate.request, policy, account, key=question.key)
    try:
        if not stream:
            return llm.ask(question, policy, source)
        cached = llm.ask_for_stream(question, policy, source)
    except CACHE_ERRORS as error:
        raise as_ours(error) from error
    return with_value(cached, chunks_of(cached, account))
