"""A provider's chat call as the source of a cache miss, with what it bills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.conf import settings

from caching.llm import cache as llm
from caching.llm.stream import Chunk
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.result import CacheResult, status_without_hit
from speech.accounting import Account
from speech.providers.base import BaseProvider, ChatAnswer, ChatRequest
from speech.routing.breaker import calling
from speech.routing.error_transfer import CACHE_ERRORS, FAILURES, as_ours


class MeteredChunks:
    """The chunks of a streamed answer, made for this request or for the one that it follows."""

    def __init__(self, chunks: Iterator[Chunk], result: CacheResult[Any]) -> None:
        self._chunks, self._result = chunks, result
        self._begun = False
        self._usage: Usage | None = None

    def __iter__(self) -> Iterator[Chunk]:
        for chunk in self._chunks:
            self._begun = True
            if usage := chunk.get("usage"):
                self._usage = Usage.from_tokens(usage)
            yield chunk

    @property
    def result(self) -> CacheResult[Any]:
        if self._result.collapsed:
            return replace(self._result, billed=Usage(), served=self._usage or Usage())
        # A stream that is cut off is billed as far as it went, and no provider says how far.
        return replace(self._result, billed=self._usage if self._begun else Usage())


def source_of(
    provider: BaseProvider, request: ChatRequest, policy: Policy, account: Account, *, key: str
) -> llm.Source:
    """Return the source of an answer that is stored under `key`.

    A stream closes `account` where it ends: the client may be disconnected by then, and it is billed all the same.
    """

    def whole() -> ChatAnswer:
        account.asks_provider()
        with calling(provider, "chat"):
            return provider.chat(request)

    def stream() -> Iterator[Chunk]:
        account.asks_provider()
        result = CacheResult(None, status_without_hit(policy), key, rule=policy.rule)
        chunks = MeteredChunks(_chunks(provider, request), result)
        return account.metered(iter(chunks), chunks)

    return llm.Source(whole, stream, FAILURES, patience=settings.PROVIDER_READ_TIMEOUT)


def chunks_of(found: CacheResult[Iterator[Chunk]], account: Account) -> Iterator[Chunk]:
    """Yield the chunks of a miss. Those of another request's answer close `account` at their end."""
    chunks = MeteredChunks(found.value, found)
    try:
        yield from account.metered(iter(chunks), chunks) if found.collapsed else found.value
    except CACHE_ERRORS as error:
        raise as_ours(error) from error


def _chunks(provider: BaseProvider, request: ChatRequest) -> Iterator[Chunk]:
    with calling(provider, "chat"):
        yield from provider.stream_chat(request)
