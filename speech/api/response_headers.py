"""Response headers: provider, cache status, cost."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from caching.ledger import Costs
from caching.result import CacheResult
from speech import accounting, providers
from speech.api import cache_headers
from speech.models import Client
from speech.privacy.disclosure import hides
from speech.providers._shared import validation

logger = logging.getLogger(__name__)


class Result(Protocol):
    """Result of a service."""

    @property
    def cache(self) -> CacheResult[Any]: ...
    @property
    def costs(self) -> Costs | None: ...
    @property
    def provider(self) -> str: ...


def of_successor(asked: str, provider: str, voice: str) -> dict[str, str]:
    """Return the header that names `voice` if it speaks for one that the provider has retired, and log it."""
    if not (asked and validation.successor_of(providers.get(provider), asked)):
        return {}
    logger.warning("%s has retired the voice %s: %s speaks for it", provider, asked[:40], voice)
    return {"X-Voice-Successor": voice}


def headers(client: Client, result: Result) -> dict[str, str]:
    """Return provider, cache status and cost, as far as `client` may see them."""
    told = {"X-Provider": result.provider}
    return told if hides(client) else told | cache_headers.headers(result.cache) | accounting.headers(result.costs)
