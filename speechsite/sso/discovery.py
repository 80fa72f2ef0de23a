"""Endpoints of the identity provider, as it publishes them (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import time
from typing import Any

import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from mozilla_django_oidc.utils import import_from_settings

# Seconds after which they are asked for again: keys and addresses change rarely.
REMEMBERED_SECONDS = 3600.0
# By the name of mozilla-django-oidc's setting.
_PUBLISHED = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
}
_remembered: dict[str, tuple[float, dict[str, Any]]] = {}


def setting(name: str, *default: Any) -> Any:
    """Return a setting of mozilla-django-oidc. Raises requests.RequestException if the provider does not answer."""
    if name in _PUBLISHED:
        return published()[_PUBLISHED[name]]
    return import_from_settings(name, *default)


def signing_keys() -> list[dict[str, Any]]:
    answer = requests.get(published()["jwks_uri"], timeout=settings.OIDC_TIMEOUT)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["keys"]
    return found


def published() -> dict[str, Any]:
    """Return the provider's metadata."""
    issuer = settings.OIDC_ISSUER
    asked, found = _remembered.get(issuer, (0.0, {}))
    if not found or time.monotonic() - asked > REMEMBERED_SECONDS:
        answer = requests.get(
            f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            timeout=settings.OIDC_TIMEOUT,
            allow_redirects=False,
        )
        answer.raise_for_status()
        found = answer.json()
        # Section 4.3: or another provider's tokens would be taken.
        if str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
            raise SuspiciousOperation("OIDC_ISSUER is not the issuer that its own document names")
        _remembered[issuer] = time.monotonic(), found
    return found
