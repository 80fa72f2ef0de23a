"""Use case: transcribe a recording, from the cache or by a provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Generic, TypeVar

from django.conf import settings

from caching import stt
from caching.ledger import Costs
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.result import CacheResult, status_without_hit, with_value
from speech.accounting import Account
from speech.audio.loudness import is_silent, seconds_of
from speech.exceptions import ProviderError
from speech.models import Client
from speech.providers._shared.validation import refuse_unknown
from speech.providers.base import BaseProvider, Transcript, TranscriptionRequest
from speech.routing.breaker import calling
from speech.routing.cache_query import recording_of
from speech.routing.error_transfer import CACHE_ERRORS, FAILURES, as_ours
from speech.routing.fallback import provider_named

T_co = TypeVar("T_co", covariant=True)
Part = stt.Event | stt.Transcript


@dataclass(frozen=True, slots=True)
class TranscriptionResult(Generic[T_co]):
    cache: CacheResult[T_co]
    provider: str
    costs: Costs | None
    """None until a stream has ended."""


def transcribe(
    *, client: Client, request: TranscriptionRequest, policy: Policy, provider: str = ""
) -> TranscriptionResult[stt.Transcript]:
    """Transcribe `request`, from the cache if `policy` allows it, else by `provider`.

    Raises InvalidRequest, ProviderError or NotCached.
    """
    task = _prepared(client, request, policy, provider)
    with task.account:
        try:
            cached = stt.transcribe(task.recording, task.policy, _source(lambda: _parts(task, stream=False)))
        except CACHE_ERRORS as error:
            raise as_ours(error) from error
        return TranscriptionResult(cached, task.provider.name, task.account.settle(cached))


def stream(
    *, client: Client, request: TranscriptionRequest, policy: Policy, provider: str = ""
) -> TranscriptionResult[Iterator[Part]]:
    """Do the same as the events of the provider, if it sends any, and last the transcript.

    Returns with the first of them; reading the others may raise ProviderError.
    """
    task = _prepared(client, request, policy, provider)
    account = task.account

    def produce() -> Iterator[Part]:
        # The client may be disconnected when it ends, and is billed all the same.
        result = CacheResult(None, status_without_hit(task.policy), task.recording.key, rule=task.policy.rule)
        return account.metered(_parts(task, stream=True), result, _usage_of)

    with account:
        try:
            cached = stt.stream(task.recording, task.policy, _source(produce))
        except CACHE_ERRORS as error:
            raise as_ours(error) from error
        costs = account.settle_now(cached, stream=True)
        return TranscriptionResult(with_value(cached, _read(cached, account)), task.provider.name, costs)


@dataclass(frozen=True, slots=True)
class _Task:
    """A prepared request, and who answers it."""

    provider: BaseProvider
    request: TranscriptionRequest
    recording: stt.Recording
    policy: Policy
    account: Account


def _prepared(client: Client, request: TranscriptionRequest, policy: Policy, provider: str) -> _Task:
    chosen = provider_named(provider or settings.STT_PROVIDER, "transcription", client.model_access)
    refuse_unknown(chosen, dict(request.unknown))
    request = chosen.prepare_transcription(request)
    client.model_access.require(chosen.name, request.model)
    policy = client.tightened(policy)
    account = Account.of("stt", client.name, policy)
    account.call(chosen.name, request.model)
    return _Task(chosen, request, recording_of(client, chosen, request), policy, account)


def _source(produce: Callable[[], Iterator[Part]]) -> stt.Source:
    return stt.Source(produce, FAILURES, patience=settings.PROVIDER_READ_TIMEOUT, stale_if=ProviderError)


def _parts(task: _Task, *, stream: bool) -> Iterator[Part]:
    """Yield the events of the provider, and last the transcript as it is stored."""
    if is_silent(task.request.audio):
        yield {**asdict(Transcript("", seconds=seconds_of(task.request.audio))), "billed": {"audio_seconds": 0}}
        return
    provider = task.provider
    task.account.asks_provider()
    with calling(provider, "transcription", task.request.model):
        made = provider.stream_transcript(task.request) if stream else iter([provider.transcribe(task.request)])
        for part in made:
            if isinstance(part, Transcript):
                yield {**asdict(part), "billed": dict(part.billed.items()) if part.billed else {}}
            else:
                yield part


def _usage_of(part: Part) -> Usage | None:
    return None if "type" in part else Usage.from_billed(part["billed"])


def _read(found: CacheResult[Iterator[Part]], account: Account) -> Iterator[Part]:
    """Yield the parts. Those of another request's transcript close `account` at their end."""
    try:
        yield from account.metered(found.value, found, _usage_of) if found.collapsed else found.value
    except CACHE_ERRORS as error:
        raise as_ours(error) from error
