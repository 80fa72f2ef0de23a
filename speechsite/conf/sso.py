"""Settings of single sign-on, and of mozilla-django-oidc, which does it."""

from __future__ import annotations

import importlib.util
import re

from django.core.exceptions import ImproperlyConfigured

ROLES = ("Viewer", "Reviewer", "Operator", "Administrator")
SIGN_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384")
# Proof Key for Code Exchange (RFC 7636), which every current provider supports.
USE_PKCE = True
# Seconds that a login waits for the provider.
TIMEOUT = 5
# Asked for by the provider when a user logs out there.
STORE_ID_TOKEN = True
_PASSWORDS = "django.contrib.auth.backends.ModelBackend"
_SSO = "speechsite.sso.backend.SingleSignOn"
_LOOPBACK = r"(localhost|127\.0\.0\.1|\[::1\])"


def backends(issuer: str, client_id: str, *, passwords: bool) -> list[str]:
    """Return Django's AUTHENTICATION_BACKENDS. Raises ImproperlyConfigured if nobody could log in."""
    if not issuer:
        if not passwords:
            raise ImproperlyConfigured("PASSWORD_LOGIN=0 needs OIDC_ISSUER, or nobody could log in")
        return [_PASSWORDS]
    if not re.match(rf"https://[^/]|http://{_LOOPBACK}(:|/|$)", issuer):
        raise ImproperlyConfigured("OIDC_ISSUER must be a URL that begins with https://")
    if not client_id:
        raise ImproperlyConfigured("OIDC_ISSUER needs OIDC_CLIENT_ID")
    if importlib.util.find_spec("mozilla_django_oidc") is None:
        raise ImproperlyConfigured("OIDC_ISSUER needs the package of requirements-sso.txt")
    return [_SSO, *([_PASSWORDS] if passwords else [])]


def roles(name: str, items: list[str]) -> dict[str, str]:
    """Parse `gateway-admins=Administrator,support=Viewer`: the group here for each one there; empty: the same names."""
    found = {there: here for there, _, here in (item.rpartition("=") for item in items)}
    if "" in found or not set(found.values()) <= set(ROLES):
        raise ImproperlyConfigured(f"{name} must look like staff=Viewer,admins=Administrator, with {', '.join(ROLES)}")
    return found or {role: role for role in ROLES}
