"""A provider as the place where answers come from, with its bill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings

from caching.llm import cache as llm
from caching.llm.stream import Chunk
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.result import CacheResult, status_without_hit
from speech.accounting import Account
from speech.iterators import primed
from speech.providers.base import BaseProvider, ChatAnswer, ChatRequest
from speech.routing.breaker import asked
from speech.routing.error_transfer import FAILURES


def source_of(provider: BaseProvider, request: ChatRequest, policy: Policy, account: Account) -> llm.Source:
    """Asks `provider` when it is asked itself.

    A streamed answer is settled here, where it ends: its client may be gone by then, and it is paid for all the same.
    """

    def whole() -> ChatAnswer:
        with asked(provider, "chat"):
            return provider.chat(request)

    def stream() -> Iterator[Chunk]:
        usage: dict[str, Any] | None = None
        with asked(provider, "chat"):
            # What fails before the first chunk has billed nothing, and somebody else may answer yet.
            chunks = primed(provider.stream_chat(request))
            # A stream that is cut off is billed as far as it went, and nobody says how far.
            account.spent = lambda: Usage.from_tokens(usage)
            with account:
                for chunk in chunks:
                    usage = chunk.get("usage") or usage
                    yield chunk
        account.settle(CacheResult(None, status_without_hit(policy), "", billed=Usage.from_tokens(usage)))

    return llm.Source(whole, stream, FAILURES, patience=settings.PROVIDER_READ_TIMEOUT)


def settled_by_follower(result: CacheResult[Iterator[Chunk]], account: Account) -> Iterator[Chunk]:
    """The chunks of somebody else's answer; what they would have cost is known when they have ended."""
    usage: dict[str, Any] | None = None
    with account:
        for chunk in result.value:
            usage = chunk.get("usage") or usage
            yield chunk
    if account.settled:
        # Its leader died and it asked the provider itself.
        return
    served = Usage.from_tokens(usage) or Usage()
    account.settle(CacheResult(None, result.status, result.key, billed=Usage(), served=served))
