"""Baseline: hash the body, one Redis GET, return the bytes. Served like the gateway."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_redis = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://"), protocol=2)


def key_of(body: bytes) -> str:
    return f"limit:{hashlib.sha256(body).hexdigest()}"


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    answer = _redis.get(key_of(body))
    assert isinstance(answer, bytes), "nothing was put there for this body"  # noqa: S101
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]
