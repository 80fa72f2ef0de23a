"""Use case: embed texts. It combines the cache and a provider, and knows no HTTP.

There is no fallback: vectors of two models cannot be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from caching import embeddings
from caching.embeddings import Embedding
from caching.keys import canonical_json
from caching.ledger import Costs
from caching.policy import Policy
from caching.result import CacheResult
from speech.accounting import Account
from speech.exceptions import ProviderError
from speech.models import Client
from speech.privacy.disclosure import padding
from speech.providers.base import BaseProvider, EmbeddingRequest
from speech.routing.breaker import calling
from speech.routing.cache_query import passages_of
from speech.routing.error_transfer import CACHE_ERRORS, FAILURES, as_ours
from speech.routing.fallback import provider_named


@dataclass(frozen=True, slots=True)
class EmbeddingResult:
    cache: CacheResult[list[Embedding]]
    provider: str
    model: str
    costs: Costs


def embed(*, client: Client, request: EmbeddingRequest, policy: Policy, provider: str = "") -> EmbeddingResult:
    """Embed the inputs of `request`; those that are cached, as far as `policy` allows, cost nothing.

    Raises InvalidRequest, ProviderError or NotCached.
    """
    chosen = provider_named(provider or settings.EMBEDDING_PROVIDER, "embedding", client.model_access)
    prepared = chosen.prepare_embedding(request)
    client.model_access.require(chosen.name, prepared.model)
    policy = client.tightened(policy)
    passages = passages_of(client, chosen, prepared, policy)
    account = Account.of("emb", client.name, policy)
    account.call(chosen.name, prepared.model)
    source = embeddings.Source(
        lambda missing: _call(chosen, replace(prepared, inputs=[passage.input for passage in missing]), account),
        together=not prepared.is_plain,
        failures=FAILURES,
        patience=settings.PROVIDER_READ_TIMEOUT,
        stale_if=ProviderError,
    )
    with account:
        try:
            cached = embeddings.embed(passages, policy, source)
        except CACHE_ERRORS as error:
            raise as_ours(error) from error
    padding.even_out(client, ("embedding", chosen.name, prepared.model), cached, account.started)
    return EmbeddingResult(cached, chosen.name, prepared.model, account.settle(cached))


def _call(provider: BaseProvider, request: EmbeddingRequest, account: Account) -> list[Embedding]:
    account.asks_provider()
    with calling(provider, "embedding", request.model):
        answer = provider.embed(request)
    told: dict[str, Any] = {"model": answer.model, "billed": {}}
    if len(answer.items) == 1 and answer.usage:
        told["usage"] = answer.usage
    if answer.billed is None:
        return [{**item, **told} for item in answer.items]
    shares = _shares(answer.billed.input_tokens, [_length(content) for content in request.inputs])
    return [
        {**item, **told, "billed": {"input_tokens": share}} for item, share in zip(answer.items, shares, strict=True)
    ]


def _length(content: Any) -> int:
    """Return a measure of how many tokens an input has."""
    if isinstance(content, list):
        return len(content)
    return len((content if isinstance(content, str) else canonical_json(content)).encode("utf-8", "replace"))


def _shares(total: int, lengths: list[int]) -> list[int]:
    """Divide the tokens of a call, for which the provider names only the sum, between its inputs by their lengths."""
    whole, shares, before, given = sum(lengths) or 1, [], 0, 0
    for length in lengths:
        before += length
        due = round(total * before / whole)
        shares.append(due - given)
        given = due
    return shares
