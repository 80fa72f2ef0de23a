from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from caching.checks import TAG
from speech import providers


@register(TAG, deploy=True)
def check_providers(**kwargs: Any) -> list[CheckMessage]:
    """The providers that are used where a request names none exist, and have their keys."""
    chosen = (("LLM_PROVIDER", settings.LLM_PROVIDER, "chat"), ("TTS_PROVIDER", settings.TTS_PROVIDER, "speech"))
    return [problem for choice in chosen for problem in _check(*choice)]


def _check(variable: str, name: str, operation: str) -> list[CheckMessage]:
    able = providers.that_do(operation)
    if name not in able:
        hint = f"Use one of {', '.join(able)}"
        return [Error(f"providers: {variable} is {name!r}, which does no {operation}", hint=hint, id="speech.E001")]
    missing = ", ".join(providers.get(name).missing_settings)
    hint = "Set it in .env, or choose another provider"
    return [Error(f"providers: {name} needs {missing}", hint=hint, id="speech.E002")] if missing else []
