"""Use case: speak a text, from the cache or by a provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from caching.ledger import Costs
from caching.policy import Policy
from caching.result import CacheResult
from speech.accounting import Account
from speech.audio import content_type_of
from speech.exceptions import ProviderError
from speech.models import Client
from speech.privacy.disclosure import padding
from speech.providers.base import SpeechRequest
from speech.services.speech_plan import SpeechPlan, plan_speech
from speech.synthesis.cached_audio import speech_of, stale_speech


@dataclass(frozen=True, slots=True)
class SpeechResult:
    cache: CacheResult[Iterator[bytes]]
    """Encoded audio; on a hit in one chunk, else as it is synthesized. Reading it may raise ProviderError."""
    content_type: str
    provider: str
    voice: str
    costs: Costs | None
    """None until a stream has ended."""
    words: list[dict[str, Any]] | None = None
    """`word`, `start` and `end` in seconds, if they were asked for and the provider tells them."""


def synthesize(
    *,
    client: Client,
    request: SpeechRequest,
    policy: Policy,
    codec: str = "wav",
    provider: str = "",
    stream: bool = False,
) -> SpeechResult:
    """Speak and encode `request`, from the cache if `policy` allows it, else by `provider` or a fallback.

    Returns with all of the audio, or with `stream` at the first chunk; reading the others may raise ProviderError.
    Raises InvalidRequest, ProviderError or NotCached.
    """
    return speak(plan_speech(client, request, policy, provider), codec, stream=stream)


def speak(plan: SpeechPlan, codec: str, *, stream: bool = False) -> SpeechResult:
    """Do the same for a plan. Raises ProviderError or NotCached."""
    client, request, candidates = plan.client, plan.request, plan.candidates()
    content_type = content_type_of(codec, request.sample_rate)
    account = Account.of("tts", client.name, plan.policy, request.text)
    with account:
        for candidate in candidates:
            account.call(candidate.provider.name, candidate.request.model)
            try:
                speaker = plan.speaker_for(candidate)
                account.under(speaker.policy)
                cached = speech_of(speaker, codec, account, stream=stream)
            except ProviderError as error:
                candidates.failures.append(error)
                continue
            kind = ("speech", candidate.provider.name, candidate.request.voice, stream)
            padding.even_out(client, kind, cached, account.started)
            costs = account.settle_now(cached, stream=stream)
            about = (content_type, candidate.provider.name, candidate.request.voice, costs)
            return SpeechResult(cached, *about, speaker.words or None)
        first = candidates.first
        found = stale_speech(plan.speaker_for(first), codec)
        if found or len(candidates.failures) > 1:
            account.call(first.provider.name, first.request.model)
        if found:
            costs = account.settle(found)
            return SpeechResult(found, content_type, first.provider.name, first.request.voice, costs)
        raise candidates.failures[0]
