"""Who answers: the provider that was asked for, and after it those of `LLM_FALLBACK` and `TTS_FALLBACK`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import Generic, TypeVar

from django.conf import settings

from speech import providers
from speech.accounting import Account
from speech.exceptions import GatewayError, InvalidRequest, ProviderError
from speech.providers._shared import openai_chat
from speech.providers.base import BaseProvider, ChatRequest, SpeechRequest

R = TypeVar("R", ChatRequest, SpeechRequest)
T = TypeVar("T")

PATIENCE = 2
"""Read time-outs after which nobody else is asked: whoever listens has waited long enough."""


@dataclass(frozen=True, slots=True)
class Choice(Generic[R]):
    provider: BaseProvider
    request: R
    """Prepared by the provider."""


def provider_named(name: str, operation: str) -> BaseProvider:
    """Raises InvalidRequest for a provider that does not exist or does not do it."""
    if name not in providers.that_do(operation):
        raise InvalidRequest(
            f"provider must be one of {', '.join(providers.that_do(operation))}, not {name[:40]!r}", param="provider"
        )
    return providers.get(name)


def for_chat(request: ChatRequest, provider: str) -> Iterator[Choice[ChatRequest]]:
    """Raises InvalidRequest at once where the first choice cannot answer; a later one that cannot is left out."""
    first = _for_chat(request, provider or settings.LLM_PROVIDER)
    fallbacks = _fallbacks(settings.LLM_FALLBACK, "chat")
    return _with_others(first, fallbacks, lambda name, model: _for_chat(replace(request, model=model), name))


def for_speech(request: SpeechRequest, provider: str) -> Iterator[Choice[SpeechRequest]]:
    """The same for speech."""
    chosen = provider_named(provider or settings.TTS_PROVIDER, "speech")
    first = Choice(chosen, chosen.prepare_speech(request))
    fallbacks = _fallbacks(settings.TTS_FALLBACK, "speech")
    return _with_others(
        first, fallbacks, lambda name, model: _spoken_instead(first, replace(request, model=model), name)
    )


def first_to_answer(
    choices: Iterator[Choice[R]],
    account: Account,
    ask: Callable[[Choice[R]], T],
    stale: Callable[[Choice[R]], T | None],
) -> T:
    """What `ask` gives for the first choice that does not fail, else what `stale` finds for the first of all.

    Raises the first one's ProviderError when there is neither. `ask` must return only when the first byte is there:
    after it nobody else can take over.
    """
    deadline = time.monotonic() + PATIENCE * settings.PROVIDER_READ_TIMEOUT
    first, failures = next(choices), []
    with account:
        for choice in chain([first], choices):
            account.asks(choice.provider.name, choice.request.model)
            try:
                return ask(choice)
            except ProviderError as error:
                failures.append(error)
            if time.monotonic() > deadline:
                break
        if len(failures) > 1 or settings.STALE_IF_ERROR_SECONDS:
            account.asks(first.provider.name, first.request.model)
        if (found := stale(first)) is not None:
            return found
        raise failures[0]


def _with_others(
    first: Choice[R], fallbacks: list[tuple[str, str]], prepared: Callable[[str, str], Choice[R]]
) -> Iterator[Choice[R]]:
    yield first
    for name, model in fallbacks:
        with suppress(GatewayError):
            choice = prepared(name, model)
            if (name, choice.request.model) != (first.provider.name, first.request.model):
                yield choice


def _for_chat(request: ChatRequest, name: str) -> Choice[ChatRequest]:
    provider = provider_named(name, "chat")
    said = {
        param: value
        for param, value in request.params.items()
        if value is not None and (param not in provider.chat_defaults or value != provider.chat_defaults[param])
    }
    wish = request if len(said) == len(request.params) else replace(request, params=said)
    return Choice(provider, provider.prepare_chat(wish))


def _spoken_instead(first: Choice[SpeechRequest], request: SpeechRequest, name: str) -> Choice[SpeechRequest]:
    """`request` as another provider would speak it: with the voice that has the same name at OpenAI, else its own.

    What only the first one can do (a pitch, instructions) is left out where it would keep the other from speaking.
    """
    provider = providers.get(name)
    wish = replace(request, voice=_openai_name(first, request))
    try:
        return Choice(provider, provider.prepare_speech(wish))
    except InvalidRequest:
        plain = replace(wish, speed=1.0, pitch=0.0, instructions="")
        return Choice(provider, provider.prepare_speech(plain))


def _openai_name(first: Choice[SpeechRequest], request: SpeechRequest) -> str:
    """Which of OpenAI's voices the first choice maps to the one that was asked for; empty where none is."""
    if request.voice in ("", *openai_chat.VOICES):
        return request.voice
    for voice in openai_chat.VOICES:
        with suppress(InvalidRequest):
            if first.provider.prepare_speech(replace(request, model="", voice=voice)).voice == first.request.voice:
                return voice
    return ""


def _fallbacks(setting: list[str], operation: str) -> list[tuple[str, str]]:
    """Names and models, `sarvam` or `openai/gpt-6-luna`; the model is empty where the provider's own is meant."""
    pairs = [(name, model) for name, _, model in (entry.partition("/") for entry in setting)]
    return [(name, model) for name, model in pairs if name in providers.that_do(operation)]
