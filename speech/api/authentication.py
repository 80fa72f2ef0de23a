"""`Authorization: Bearer <key>`, checked without a database query on most requests."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from caching.background import PeriodicWorker
from caching.database.remembered import Remembered
from speech.api.key_usage import usage
from speech.models import Client, ClientKey, hash_key
from speech.privacy import kept_seconds

# Unknown keys are cached too, so that guessing does not load the database; beyond this many, all are dropped.
REMEMBERED_KEYS = 10_000
LEARNED_KEYS, LEARN_SECONDS = 1_000, 600.0
# Where the server finds the client of an authenticated request (PEP 3333's environ; no header has such a name).
SENDER = "speech.client"


class ClientKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request | HttpRequest) -> tuple[Client, str]:
        scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise AuthenticationFailed("Send your API key as `Authorization: Bearer <key>`.")
        known = known_keys.get(hash_key(key.strip()))
        if known is None or known.has_expired:
            raise AuthenticationFailed("Invalid, expired or revoked API key.")
        usage.note(known.pk)
        request.META[SENDER] = str(known.client_id)
        return known.client, ""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _read_all(hashes: Collection[str]) -> dict[str, ClientKey | None]:
    found = ClientKey.objects.with_hashes(hashes)
    return {key_hash: found.get(key_hash) for key_hash in hashes}


def _same(known: ClientKey | None, read: ClientKey | None) -> bool:
    return getattr(known, "compared_values", None) == getattr(read, "compared_values", None)


known_keys = Remembered[str, ClientKey | None](
    lambda key_hash: ClientKey.objects.with_hash(key_hash),
    kept_seconds.KEYS,
    most=REMEMBERED_KEYS,
    read_all=_read_all,
    same=_same,
)


def learn_keys() -> None:
    """Learn the keys used last, so that a worker without requests so far knows them when the database is down."""
    known_keys.learn({key.key_hash: key for key in ClientKey.objects.used_last(LEARNED_KEYS)})


key_learner = PeriodicWorker("API keys", learn_keys, LEARN_SECONDS, at_once=True)


def client_of(request: Request | HttpRequest) -> Client:
    """Return the client that sent an authenticated request."""
    return cast("Client", request.user)


class ClientKeyScheme(OpenApiAuthenticationExtension):
    target_class = "speech.api.authentication.ClientKeyAuthentication"
    name = "api_key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
