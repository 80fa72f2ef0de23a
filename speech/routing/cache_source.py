"""A provider's chat call as the source of a cache miss, with what it bills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings

from caching import tracing
from caching.llm import cache as llm
from caching.llm.stream import Chunk, Unassembled, joined
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.result import CacheResult, status_without_hit
from speech.accounting import Account, usage_in
from speech.providers.base import BaseProvider, ChatAnswer, ChatRequest
from speech.routing.breaker import calling
from speech.routing.error_transfer import CACHE_ERRORS, FAILURES, as_ours


def source_of(
    provider: BaseProvider, request: ChatRequest, policy: Policy, account: Account, *, key: str
) -> llm.Source:
    """Return the source of an answer that is stored under `key`.

    A stream closes `account` where it ends: the client may be disconnected by then, and it is billed all the same.
    """

    def whole() -> ChatAnswer:
        account.asks_provider()
        with calling(provider, "chat", request.model):
            answer = provider.chat(request)
            usage = Usage.from_tokens(answer.usage) or Usage()
            tracing.note(response_model=answer.model, choices=_traced(answer.choices, account), **usage.tokens)
            return answer

    def stream() -> Iterator[Chunk]:
        account.asks_provider()
        result = CacheResult(None, status_without_hit(policy), key, rule=policy.rule)
        chunks = provider.stream_chat(request)
        if tracing.is_on():
            chunks = _noted(chunks, account)
        return account.metered(chunks, result, usage_in, calling(provider, "chat", request.model))

    return llm.Source(whole, stream, FAILURES, patience=settings.PROVIDER_READ_TIMEOUT)


def chunks_of(found: CacheResult[Iterator[Chunk]], account: Account) -> Iterator[Chunk]:
    """Return the chunks of a miss. Those of another request's answer close `account` at their end."""
    return _followed(found, account) if found.collapsed else found.value


def _followed(found: CacheResult[Iterator[Chunk]], account: Account) -> Iterator[Chunk]:
    try:
        yield from account.metered(found.value, found, usage_in)
    except CACHE_ERRORS as error:
        raise as_ours(error) from error


def _noted(chunks: Iterator[Chunk], account: Account) -> Iterator[Chunk]:
    """Yield `chunks`, and note on the span of the call what they add up to."""
    seen = []
    for chunk in chunks:
        seen.append(chunk)
        yield chunk
    with suppress(Unassembled):
        tracing.note(choices=_traced(joined(seen).choices, account))


def _traced(choices: Sequence[Mapping[str, Any]], account: Account) -> Sequence[Mapping[str, Any]]:
    """Return what a trace may say of an answer: of one that may not be kept, no texts."""
    return choices if account.listed else [{"finish_reason": each.get("finish_reason")} for each in choices]
