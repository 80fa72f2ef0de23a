"""Users of an identity provider: who they are by `iss` and `sub`, and what they may do by their groups there."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

import jwt
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import SuspiciousOperation
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from speechsite.sso import discovery

logger = logging.getLogger(__name__)

Claims = Mapping[str, Any]
# Of a user who is in many.
MAX_GROUPS_LOGGED = 20


class SingleSignOn(OIDCAuthenticationBackend):
    get_settings = staticmethod(discovery.setting)
    OIDC_OP_TOKEN_ENDPOINT = property(lambda self: discovery.setting("OIDC_OP_TOKEN_ENDPOINT"))
    OIDC_OP_USER_ENDPOINT = property(lambda self: discovery.setting("OIDC_OP_USER_ENDPOINT"))
    OIDC_OP_JWKS_ENDPOINT = property(lambda self: discovery.setting("OIDC_OP_JWKS_ENDPOINT"))

    def __init__(self) -> None:
        """Set what the library's own constructor does, and ask the provider for nothing.

        Django makes a backend for each check of a permission, also while the provider is down.
        """
        self.UserModel = User
        self.OIDC_RP_CLIENT_ID = settings.OIDC_RP_CLIENT_ID
        self.OIDC_RP_CLIENT_SECRET = settings.OIDC_RP_CLIENT_SECRET
        self.OIDC_RP_SIGN_ALGO = settings.OIDC_RP_SIGN_ALGO
        self.OIDC_RP_IDP_SIGN_KEY = None

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """Check issuer, audience and expiry too, which the library does not (OpenID Connect Core, 3.1.3.7)."""
        payload: dict[str, Any] = super().verify_token(token, **kwargs)
        audience = payload.get("aud")
        if settings.OIDC_RP_CLIENT_ID not in (audience if isinstance(audience, list) else [audience]):
            raise SuspiciousOperation("an ID token for another client")
        if payload.get("iss") != discovery.published()["issuer"] or "exp" not in payload:
            raise SuspiciousOperation("an ID token of another issuer, or without an end")
        return payload

    def retrieve_matching_jwk(self, token: str) -> Any:
        """Take a token that names no key where the provider has only one (section 10.1)."""
        if "kid" in jwt.get_unverified_header(token):
            return super().retrieve_matching_jwk(token)
        [key] = discovery.signing_keys()
        return jwt.PyJWK(key)

    def get_userinfo(self, access_token: str, id_token: str, payload: Claims) -> dict[str, Any]:
        info: dict[str, Any] = super().get_userinfo(access_token, id_token, payload)
        if info.get("sub") != payload["sub"]:
            # Section 5.3.2.
            raise SuspiciousOperation("claims of another user")
        return {**payload, **info}

    def verify_claims(self, claims: Claims) -> bool:
        """Return True if the user has a role here. A user who has lost it loses all rights."""
        if roles_of(claims):
            return True
        logger.warning("Single sign-on: a user has no role here: %s", why_no_role(claims))
        self.request.groups_were_left_out = groups_were_left_out(claims)
        for user in self.filter_users_by_claims(claims):
            user.groups.clear()
            user.is_staff = False
            user.save(update_fields=["is_staff"])
        return False

    def filter_users_by_claims(self, claims: Claims) -> Any:
        """Find the user by issuer and subject: an e-mail address may be another person's next year."""
        return User.objects.filter(username=username_of(claims))

    def create_user(self, claims: Claims) -> User:
        user = User(username=username_of(claims))
        user.set_unusable_password()
        user.save()
        return self.update_user(user, claims)

    def update_user(self, user: User, claims: Claims) -> User:
        """Take name and groups from the claims, at each login."""
        user.email = str(claims.get("email") or "")[:254]
        user.first_name = str(claims.get("given_name") or claims.get("name") or "")[:150]
        user.last_name = str(claims.get("family_name") or "")[:150]
        user.is_staff = True
        user.save()
        user.groups.set(Group.objects.filter(name__in=roles_of(claims)))
        return user


def username_of(claims: Claims) -> str:
    identity = f"{settings.OIDC_ISSUER} {claims['sub']}"
    return f"sso-{hashlib.sha256(identity.encode()).hexdigest()[:24]}"


def roles_of(claims: Claims) -> set[str]:
    """Return the names of the user's groups here. Zitadel's claim is an object with the names as its keys."""
    value = _claim(claims, settings.OIDC_GROUPS_CLAIM)
    theirs = value if isinstance(value, list | dict) else [value]
    return {settings.OIDC_ROLES[name] for name in theirs if isinstance(name, str) and name in settings.OIDC_ROLES}


def why_no_role(claims: Claims) -> str:
    """Return the reason for the log. It names groups, and no user."""
    name = settings.OIDC_GROUPS_CLAIM
    if groups_were_left_out(claims):
        return (
            f"the provider left the claim {name} out, because it would be too long; let it send the groups that are "
            "assigned to this application, or roles of the application (OIDC_GROUPS_CLAIM=roles)"
        )
    value = _claim(claims, name)
    if value is None:
        return f"there is no claim {name}, only {', '.join(sorted(claims))}; see OIDC_GROUPS_CLAIM and OIDC_SCOPES"
    theirs = [str(one) for one in value] if isinstance(value, list | dict) else [str(value)]
    return f"OIDC_ROLES names none of the groups {', '.join(theirs[:MAX_GROUPS_LOGGED]) or '(none)'}"


def groups_were_left_out(claims: Claims) -> bool:
    """Return True if the provider names another place to ask for the groups (OpenID Connect Core, 5.6.2).

    Entra ID does so for a user with more than 200 groups, and says `hasgroups` where a token is sent in an address.
    """
    elsewhere = claims.get("_claim_names")
    named = isinstance(elsewhere, Mapping) and settings.OIDC_GROUPS_CLAIM in elsewhere
    return named or claims.get("hasgroups") in (True, "true")


def _claim(claims: Claims, name: str) -> Any:
    """Return a claim, or one inside of others, such as Keycloak's `realm_access.roles`, or None."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
