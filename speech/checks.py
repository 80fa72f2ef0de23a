"""System checks of the providers' configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, CheckMessage, Error, Tags, Warning, register

from caching.checks import TAG
from speech import providers
from speech.audio import formats, stored
from speech.providers import _settings_check
from speech.providers._shared.http import why_unreachable

DEMO = "demo"


@register(TAG)
def check_providers(**kwargs: Any) -> list[CheckMessage]:
    return [
        *_check_provider("LLM_PROVIDER", "chat"),
        *_check_provider("TTS_PROVIDER", "speech"),
        # That their default has no key yet concerns only those who transcribe or embed.
        *(found for found in _check_provider("STT_PROVIDER", "transcription") if found.level >= ERROR),
        *(found for found in _check_provider("EMBEDDING_PROVIDER", "embedding") if found.level >= ERROR),
        *_check_fallback("LLM_FALLBACK", "chat"),
        *_check_fallback("TTS_FALLBACK", "speech"),
    ]


@register(TAG)
def check_provider_settings(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(f"providers: {found.variable} must be {found.rule}.", hint="Correct or unset it.", id="speech.E002")
        for name in providers.names()
        for found in _settings_check.problems(providers.get(name))
    ]


@register(TAG)
def check_stored_format(**kwargs: Any) -> list[CheckMessage]:
    wanted = settings.TTS_CACHE_ENCODING
    if formats.get(stored.FORMATS[wanted]).is_usable():
        return []
    message = f"settings: TTS_CACHE_ENCODING is {wanted}, which needs PyAV."
    return [Error(message, hint="Install requirements-codecs.txt, or use pcm or mulaw.", id="speech.E003")]


@register(TAG)
def check_judge(**kwargs: Any) -> list[CheckMessage]:
    """Check that the reviewing model exists. Its provider needs a key only if reviews are on."""
    named, is_on = settings.SEMANTIC_VERIFY_MODEL, settings.SEMANTIC_VERIFY_SHARE or settings.SEMANTIC_PROMOTE
    if not (named or is_on):
        return []
    found = _check_name("SEMANTIC_VERIFY_MODEL", named.partition("/")[0] or settings.LLM_PROVIDER, "chat")
    return [message for message in found if is_on or message.level >= ERROR]


@register(TAG, deploy=True)
def check_providers_answer(**kwargs: Any) -> list[CheckMessage]:
    """Check that a connection to each provider in use can be made: DNS, route, TLS."""
    used = [settings.LLM_PROVIDER, settings.TTS_PROVIDER, settings.STT_PROVIDER, settings.EMBEDDING_PROVIDER]
    fallbacks = [entry.partition("/")[0] for entry in (*settings.LLM_FALLBACK, *settings.TTS_FALLBACK)]
    found: list[CheckMessage] = []
    for name in dict.fromkeys((*used, *fallbacks)):
        if name not in providers.names() or providers.get(name).missing_settings:
            # `check_providers` reports it, where it matters.
            continue
        url = providers.get(name).setting("BASE_URL") if "BASE_URL" in providers.get(name).defaults else ""
        if url and (reason := why_unreachable(name, url)):
            found.append(Error(f"providers: {reason}.", hint="Check its BASE_URL, proxies and DNS.", id="speech.E004"))
    return found


@register(Tags.security, deploy=True)
def check_no_demo(**kwargs: Any) -> list[CheckMessage]:
    if settings.LLM_PROVIDER != DEMO:
        return []
    hint = f"Set LLM_PROVIDER to one of {', '.join(name for name in providers.that_do('chat') if name != DEMO)}."
    return [Warning("LLM_PROVIDER is the demo provider, which only repeats the question.", hint=hint, id="speech.W001")]


def _check_provider(variable: str, operation: str) -> Iterator[CheckMessage]:
    yield from _check_name(variable, getattr(settings, variable), operation)


def _check_fallback(variable: str, operation: str) -> Iterator[CheckMessage]:
    for entry in getattr(settings, variable):
        yield from _check_name(variable, entry.partition("/")[0], operation)


def _check_name(variable: str, name: str, operation: str) -> Iterator[CheckMessage]:
    known = providers.that_do(operation)
    if name not in known:
        message = f"providers: {variable} is {name!r}, which is not a provider for {operation}."
        yield Error(message, hint=f"Use one of {', '.join(known)}.", id="speech.E001")
    elif missing := providers.get(name).missing_settings:
        message = f"providers: {variable} is {name}, which is not configured."
        yield Warning(message, hint=f"Set {', '.join(missing)}.", id="speech.W002")
