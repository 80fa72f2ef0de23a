"""`Authorization: Bearer <key>`, checked without a database query on most requests."""

from __future__ import annotations

import threading
import time
from typing import cast

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from speech.models import Client, hash_key

# Seconds that a worker caches a client. A revoked key must stop working everywhere within 30 seconds.
REMEMBERED_SECONDS = 15.0
# Unknown keys are cached too, so that guessing does not load the database; beyond this many, all are dropped.
REMEMBERED_KEYS = 10_000
# Where the server finds the client of an authenticated request (PEP 3333's environ; no header has such a name).
SENDER = "speech.client"


class ClientKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request | HttpRequest) -> tuple[Client, str]:
        scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise AuthenticationFailed("Send your API key as `Authorization: Bearer <key>`.")
        client = clients.get(hash_key(key.strip()))
        if client is None:
            raise AuthenticationFailed("Invalid or revoked API key.")
        request.META[SENDER] = str(client.pk)
        return client, ""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class ClientCache:
    """Active clients by the hash of their key, each read from the database at most every REMEMBERED_SECONDS."""

    def __init__(self) -> None:
        self._clients: dict[str, tuple[float, Client | None]] = {}
        self._lock = threading.Lock()

    def get(self, key_hash: str) -> Client | None:
        read_at, client = self._clients.get(key_hash, (float("-inf"), None))
        if time.monotonic() - read_at < REMEMBERED_SECONDS:
            return client
        client = Client.objects.filter(key_hash=key_hash, is_active=True).first()
        with self._lock:
            if len(self._clients) >= REMEMBERED_KEYS:
                self._clients.clear()
            self._clients[key_hash] = (time.monotonic(), client)
        return client

    def forget(self) -> None:
        self._clients.clear()


clients = ClientCache()


def client_of(request: Request | HttpRequest) -> Client:
    """Return the client that sent an authenticated request."""
    return cast("Client", request.user)


class ClientKeyScheme(OpenApiAuthenticationExtension):
    target_class = "speech.api.authentication.ClientKeyAuthentication"
    name = "api_key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
