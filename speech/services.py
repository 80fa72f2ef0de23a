"""The product: chat() and synthesize(). They join the cache and the providers, and know nothing of HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.conf import settings

from caching import llm
from caching.ledger import Costs, Usage
from caching.levels import Policy
from caching.outcome import NothingCached, Outcome
from speech import accounting, languages, providers
from speech.audio import Encoder
from speech.exceptions import InvalidRequest, NotCached
from speech.metrics import measured
from speech.models import Client
from speech.providers.base import BaseProvider, ChatAnswer, ChatRequest, SpeechRequest
from speech.utterances import Utterances


@dataclass(frozen=True, slots=True)
class ChatResult:
    outcome: Outcome[llm.Answer]
    provider: str
    costs: Costs


@dataclass(frozen=True, slots=True)
class SpeechResult:
    outcome: Outcome[bytes]
    content_type: str
    provider: str
    voice: str
    costs: Costs


def chat(*, client: Client, request: ChatRequest, policy: Policy, provider: str = "") -> ChatResult:
    """An answer to `request`, from the cache where `policy` allows it, else from `provider`.

    Raises InvalidRequest, ProviderError or NotCached.
    """
    chosen = _provider(provider or settings.LLM_PROVIDER, "chat")
    prepared = chosen.prepare_chat(_in_language(request))
    question = llm.Question(
        scope=client.scope,
        provider=chosen.name,
        model=prepared.model,
        messages=prepared.messages,
        params=prepared.params,
        language=prepared.language,
        asked_by=client.name,
    )
    account = accounting.account(
        "llm",
        level=policy.level,
        provider=chosen.name,
        model=prepared.model,
        client=client.name,
        text=question.text,
    )
    with _not_cached(), account:
        outcome = llm.answer(question, policy, generate=lambda: _generate(chosen, prepared))
    return ChatResult(outcome, chosen.name, account.settle(outcome, Usage.from_tokens(outcome.value.usage)))


def synthesize(
    *, client: Client, request: SpeechRequest, policy: Policy, codec: str = "wav", provider: str = ""
) -> SpeechResult:
    """`request` spoken and encoded, from the cache where `policy` allows it, else by `provider`.

    Raises InvalidRequest, ProviderError or NotCached.
    """
    chosen = _provider(provider or settings.TTS_PROVIDER, "speech")
    prepared = chosen.prepare_speech(request)
    content_type = Encoder(codec, prepared.sample_rate).content_type
    utterances = Utterances(client=client, provider=chosen, request=prepared, policy=policy)
    account = accounting.account(
        "tts",
        level=policy.level,
        provider=chosen.name,
        model=prepared.model,
        client=client.name,
        text=prepared.text,
        spent=lambda: utterances.billed,
    )
    with _not_cached(), account:
        outcome = utterances.encoded(codec)
    costs = account.settle(outcome, outcome.billed, outcome.served)
    return SpeechResult(outcome, content_type, chosen.name, prepared.voice, costs)


def _generate(provider: BaseProvider, request: ChatRequest) -> ChatAnswer:
    provider.ensure_configured()
    with measured(provider.name, "chat"):
        return provider.chat(request)


def _provider(name: str, operation: str) -> BaseProvider:
    if name not in providers.that_do(operation):
        raise InvalidRequest(
            f"provider must be one of {', '.join(providers.that_do(operation))}, not {name[:40]!r}", param="provider"
        )
    return providers.get(name)


def _in_language(request: ChatRequest) -> ChatRequest:
    """Say the wished language to the model: no provider has a field for it."""
    if not request.language:
        return request
    code = languages.canonical(request.language)
    wish = {"role": "system", "content": f"Answer in {languages.LANGUAGES[code]}."}
    return replace(request, language=code, messages=[wish, *request.messages])


@contextmanager
def _not_cached() -> Iterator[None]:
    try:
        yield
    except NothingCached as error:
        raise NotCached("Nothing that you accept is cached, and only-if-cached forbids asking a provider.") from error
