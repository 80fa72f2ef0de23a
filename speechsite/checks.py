from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

# As Django's security.W009, which is only a warning.
LEAST_CHARACTERS, LEAST_DIFFERENT = 50, 5


@register(Tags.security, deploy=True)
def check_secret_key(**kwargs: Any) -> list[CheckMessage]:
    key: str = settings.SECRET_KEY
    if len(key) >= LEAST_CHARACTERS and len(set(key)) >= LEAST_DIFFERENT and not key.startswith("django-insecure-"):
        return []
    hint = "Set SECRET_KEY to 50 random characters: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
    return [Error("SECRET_KEY is generated for development or can be guessed.", hint=hint, id="speechsite.E001")]
