"""Response headers: provider, cache status, cost."""

from __future__ import annotations

from typing import Any, Protocol

from caching.ledger import Costs
from caching.result import CacheResult
from speech import accounting
from speech.api import cache_headers
from speech.models import Client
from speech.privacy.disclosure import hides


class Result(Protocol):
    """Result of a service."""

    @property
    def cache(self) -> CacheResult[Any]: ...
    @property
    def costs(self) -> Costs | None: ...
    @property
    def provider(self) -> str: ...


def headers(client: Client, result: Result) -> dict[str, str]:
    """Return provider, cache status and cost, as far as `client` may see them."""
    told = {"X-Provider": result.provider}
    return told if hides(client) else told | cache_headers.headers(result.cache) | accounting.headers(result.costs)
