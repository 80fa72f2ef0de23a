"""Resolution of OpenAI's `model` to a level, a provider's model, or the default for names that SDKs always send."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.core.signals import setting_changed

from caching.policy import LEVELS
from speech import providers
from speech.exceptions import InvalidRequest
from speech.model_access import EVERYTHING, ModelAccess
from speech.providers._shared import openai_names
from speech.providers.base import BaseProvider

REMEMBERED_NAMES = 1024
LONGEST_NAME = 200
OPERATIONS = ("chat", "speech", "transcription", "embedding")
# Owner of the levels.
OWN = "speechsite"


class ResolvedModel(NamedTuple):
    provider: str
    # Empty: the provider's default.
    model: str
    # Empty: not set.
    level: str


@lru_cache(REMEMBERED_NAMES)
def resolve(name: str, operation: str) -> ResolvedModel:
    """`quality`, `balanced` and `speed` are levels, `provider/model` is exact, a bare name is searched for.

    A bare name goes to the default provider if it knows the name, else to a configured provider that does. A name that
    only a provider without a key knows is one that the client's SDK sent by default: the default provider's own
    model answers it. Any other name is passed on, because models come and go faster than code, unless the default
    provider has a fixed set of models.

    `openai/gpt-oss-120b` is a bare name too where a configured provider has it as its model, or where the default
    provider serves models of any vendor and the vendor itself cannot be asked. Raises InvalidRequest.
    """
    defaults = {
        "chat": settings.LLM_PROVIDER,
        "speech": settings.TTS_PROVIDER,
        "transcription": settings.STT_PROVIDER,
        "embedding": settings.EMBEDDING_PROVIDER,
    }
    default = providers.get(defaults[operation])
    if name in LEVELS or not name:
        return ResolvedModel(default.name, "", name)
    prefix, slash, model = name.partition("/")
    named = providers.get(prefix) if slash and prefix in providers.names() else None
    if named and model in LEVELS:
        return ResolvedModel(prefix, "", model)
    if named and _can(named, operation) and _knows(named, model, operation):
        return ResolvedModel(prefix, model, "")
    others = [providers.get(other) for other in providers.that_do(operation) if other != default.name]
    for provider in [default, *(other for other in others if not other.missing_settings)]:
        if _knows(provider, name, operation):
            return ResolvedModel(provider.name, name, "")
    if named and not (_speaks_for_many(default) and prefix in openai_names.VENDORS and not _can(named, operation)):
        return ResolvedModel(prefix, model, "")
    sent_by_default = not openai_names.own_model(name, operation)
    if (sent_by_default and not default.passes_models_on) or any(_knows(other, name, operation) for other in others):
        return ResolvedModel(default.name, "", "")
    if default.passes_models_on:
        return ResolvedModel(default.name, name, "")
    names = ", ".join([*LEVELS, *default.models(), "provider/model"])
    raise InvalidRequest(
        f"model must be one of {names}; {default.name} has no {name!r}", param="model", code="model_not_found"
    )


def listed(access: ModelAccess = EVERYTHING) -> list[tuple[str, str]]:
    """Return pairs of model name and owner: levels, then `provider/model` of the configured providers."""
    configured = [provider for provider in map(providers.get, providers.names()) if not provider.missing_settings]
    models = [(provider.name, model) for provider in configured for model in _known(provider)]
    allowed = [(f"{provider}/{model}", provider) for provider, model in models if access.allows(provider, model)]
    return [(level, OWN) for level in LEVELS if _allows_defaults(access)] + allowed


def owner_of(name: str, access: ModelAccess = EVERYTHING) -> str:
    """Return who would serve `name` in some operation; empty if nobody would."""
    if len(name) > LONGEST_NAME:
        return ""
    if name in LEVELS:
        return OWN if _allows_defaults(access) else ""
    for operation in OPERATIONS:
        try:
            meant = resolve(name, operation)
        except InvalidRequest:
            continue
        provider = providers.get(meant.provider)
        if operation in provider.does and not provider.missing_settings and _takes(provider, meant.model, operation):
            allowed = (
                access.allows(provider.name, meant.model) if meant.model else access.allows_provider(provider.name)
            )
            if allowed:
                return provider.name
    return ""


def _allows_defaults(access: ModelAccess) -> bool:
    """Return True if a level, which the default providers answer, may be named as the model."""
    return any(access.allows_provider(resolve("", operation).provider) for operation in OPERATIONS)


def _speaks_for_many(provider: BaseProvider) -> bool:
    """Return True for an OpenAI-compatible server other than OpenAI's: its models may be any vendor's."""
    return provider.speaks_openai and bool(provider.service)


def _can(provider: BaseProvider, operation: str) -> bool:
    return operation in provider.does and not provider.missing_settings


def _takes(provider: BaseProvider, model: str, operation: str) -> bool:
    own = openai_names.own_model(model, operation)
    return not own or provider.passes_models_on or _knows(provider, own, operation)


def _known(provider: BaseProvider) -> list[str]:
    return sorted(set(provider.models()))


def _knows(provider: BaseProvider, name: str, operation: str) -> bool:
    return name in provider.models() or (provider.name == "openai" and openai_names.is_model(name, operation))


def _forget(**kwargs: Any) -> None:
    resolve.cache_clear()


setting_changed.connect(_forget)
