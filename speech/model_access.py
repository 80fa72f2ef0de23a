"""Providers and models that a client may use."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from django.conf import settings
from django.core.exceptions import ValidationError

from speech.exceptions import ModelNotAllowed, ProviderNotAllowed

_WILDCARDS = re.compile(r"[*?\[]")


class ModelAccess:
    """Patterns `provider/model`, such as `openai/gpt-6*`; `openai` is all of its models. None: all."""

    def __init__(self, text: str = "") -> None:
        self._patterns = _split(text)

    def allows(self, provider: str, model: str) -> bool:
        return not self._patterns or any(fnmatchcase(f"{provider}/{model}", _full(each)) for each in self._patterns)

    def allows_provider(self, provider: str) -> bool:
        return not self._patterns or any(fnmatchcase(provider, _provider_in(each)) for each in self._patterns)

    def require_provider(self, provider: str) -> None:
        """Raise ProviderNotAllowed unless some model of the provider may be used."""
        if not self.allows_provider(provider):
            raise ProviderNotAllowed(
                f"This API key may not use the provider {provider}. {self._allowed}", param="provider"
            )

    def require(self, provider: str, model: str) -> None:
        """Raise ProviderNotAllowed or ModelNotAllowed unless the model may be used."""
        if not self.allows(provider, model):
            self.require_provider(provider)
            message = f"This API key may not use the model {provider}/{model[:200]}. {self._allowed}"
            raise ModelNotAllowed(message, param="model")

    @property
    def _allowed(self) -> str:
        return f"Allowed: {', '.join(self._patterns)}."


def validate(text: str) -> None:
    """Raise ValidationError for a pattern of a provider that does not exist."""
    for pattern in _split(text):
        name = _provider_in(pattern)
        if not _WILDCARDS.search(name) and name not in settings.PROVIDERS:
            known = ", ".join(sorted(settings.PROVIDERS))
            raise ValidationError(f"{pattern}: there is no provider {name!r}; there are {known}")


def _split(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _provider_in(pattern: str) -> str:
    return pattern.partition("/")[0]


def _full(pattern: str) -> str:
    return pattern if "/" in pattern else f"{pattern}/*"


EVERYTHING = ModelAccess()
