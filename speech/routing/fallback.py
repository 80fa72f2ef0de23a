"""Provider fallback: the requested provider first, then those of `LLM_FALLBACK` and `TTS_FALLBACK`."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from django.conf import settings

from speech import providers
from speech.exceptions import GatewayError, InvalidRequest, ProviderError, UnsupportedFeature
from speech.model_access import EVERYTHING, ModelAccess
from speech.providers._shared import openai_names
from speech.providers.base import BaseProvider, ChatRequest, SpeechRequest

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=ChatRequest | SpeechRequest)

# Read time-outs after which no further provider is called: the client has waited long enough.
PATIENCE = 2


@dataclass(frozen=True, slots=True)
class Candidate(Generic[R]):
    provider: BaseProvider
    request: R
    """Prepared by the provider."""


class Candidates(Generic[R]):
    """The candidates for one request in order, until the client has waited PATIENCE read time-outs.

    The caller tries one after the other and appends to `failures`; the first failure is the one to report.
    """

    def __init__(self, first: Candidate[R], others: Iterator[Candidate[R]]) -> None:
        self.first = first
        self.failures: list[ProviderError] = []
        self._others = others

    def __iter__(self) -> Iterator[Candidate[R]]:
        deadline = time.monotonic() + PATIENCE * settings.PROVIDER_READ_TIMEOUT
        yield self.first
        model = self.first.provider.name, self.first.request.model
        while time.monotonic() <= deadline and (candidate := next(self._others, None)):
            if (candidate.provider.name, candidate.request.model) != model:
                yield candidate


def provider_named(name: str, operation: str, access: ModelAccess = EVERYTHING) -> BaseProvider:
    """Return a provider. Raises InvalidRequest if it does not exist, or does not support or allow the operation."""
    able = providers.that_do(operation)
    if name in able:
        access.require_provider(name)
        return providers.get(name)
    if name in providers.names():
        raise UnsupportedFeature(f"{name} does not support {operation}; use one of {', '.join(able)}", param="provider")
    raise InvalidRequest(f"provider must be one of {', '.join(able)}, not {name[:40]!r}", param="provider")


def first_for_chat(request: ChatRequest, provider: str, access: ModelAccess = EVERYTHING) -> Candidate[ChatRequest]:
    """Return the provider with the request that it prepared. Raises InvalidRequest if it cannot or must not answer."""
    return _for_chat(request, provider or settings.LLM_PROVIDER, access)


def candidates_for_chat(
    first: Candidate[ChatRequest], request: ChatRequest, access: ModelAccess
) -> Candidates[ChatRequest]:
    """Return `first` and the fallbacks, without those that cannot or must not answer."""
    return Candidates(first, _chat_fallbacks(request, access))


def for_speech(request: SpeechRequest, provider: str, access: ModelAccess = EVERYTHING) -> Candidates[SpeechRequest]:
    """Return the candidates in their order. Raises InvalidRequest if the first one cannot or must not speak."""
    return candidates_for_speech(first_for_speech(request, provider, access), request, access)


def first_for_speech(request: SpeechRequest, provider: str, access: ModelAccess) -> Candidate[SpeechRequest]:
    chosen = provider_named(provider or settings.TTS_PROVIDER, "speech", access)
    return _allowed(Candidate(chosen, chosen.prepare_speech(request)), access)


def candidates_for_speech(
    first: Candidate[SpeechRequest], request: SpeechRequest, access: ModelAccess
) -> Candidates[SpeechRequest]:
    return Candidates(first, _speech_fallbacks(request, first, access))


def _allowed(candidate: Candidate[R], access: ModelAccess) -> Candidate[R]:
    access.require(candidate.provider.name, candidate.request.model)
    return candidate


def _chat_fallbacks(request: ChatRequest, access: ModelAccess) -> Iterator[Candidate[ChatRequest]]:
    for name, model in _fallbacks(settings.LLM_FALLBACK, "chat"):
        with suppress(GatewayError):
            yield _for_chat(replace(request, model=model), name, access)


def _speech_fallbacks(
    request: SpeechRequest, first: Candidate[SpeechRequest], access: ModelAccess
) -> Iterator[Candidate[SpeechRequest]]:
    for name, model in _fallbacks(settings.TTS_FALLBACK, "speech"):
        with suppress(GatewayError):
            access.require_provider(name)
            yield _allowed(_speech_fallback(first, replace(request, model=model), name), access)


def _for_chat(request: ChatRequest, name: str, access: ModelAccess) -> Candidate[ChatRequest]:
    provider = provider_named(name, "chat", access)
    said = {
        param: value
        for param, value in request.params.items()
        if value is not None and (param not in provider.chat_defaults or value != provider.chat_defaults[param])
    }
    if "tools" in request.params.keys() - said.keys():
        # Providers refuse `tool_choice` without tools, so it is dropped with an empty or null list.
        said = {param: value for param, value in said.items() if param not in ("tool_choice", "parallel_tool_calls")}
    wanted = request if len(said) == len(request.params) else replace(request, params=said)
    try:
        return _allowed(Candidate(provider, provider.prepare_chat(wanted)), access)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # An adapter looks into tools and parts of messages, whose forms are the client's.
        logger.info("%s cannot read a request", provider.name, exc_info=error)
        raise InvalidRequest(f"{provider.name} cannot read the form of messages or tools", param="messages") from error


def _speech_fallback(first: Candidate[SpeechRequest], request: SpeechRequest, name: str) -> Candidate[SpeechRequest]:
    """Return `request` for another provider: with the voice of the same OpenAI name, else its default voice.

    Options that only the first provider supports (pitch, instructions) are dropped if the other one refuses them.
    """
    provider = providers.get(name)
    unknown = request.unknown if provider.speaks_openai else {}
    wanted = replace(request, voice=_openai_name(first, request), unknown=unknown)
    try:
        return Candidate(provider, provider.prepare_speech(wanted))
    except InvalidRequest:
        plain = replace(wanted, speed=1.0, pitch=0.0, instructions="")
        return Candidate(provider, provider.prepare_speech(plain))


def _openai_name(first: Candidate[SpeechRequest], request: SpeechRequest) -> str:
    """Return the OpenAI voice that the first candidate maps to the requested one, or an empty string."""
    if request.voice in ("", *openai_names.VOICES):
        return request.voice
    for voice in openai_names.VOICES:
        with suppress(InvalidRequest):
            if first.provider.prepare_speech(replace(request, model="", voice=voice)).voice == first.request.voice:
                return voice
    return ""


def _fallbacks(setting: list[str], operation: str) -> list[tuple[str, str]]:
    """Return pairs of name and model from `sarvam` or `openai/gpt-6-luna`; an empty model is the provider's default."""
    pairs = [(name, model) for name, _, model in (entry.partition("/") for entry in setting)]
    return [(name, model) for name, model in pairs if name in providers.that_do(operation)]
