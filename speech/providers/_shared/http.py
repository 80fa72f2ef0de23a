"""The way out: POST JSON to a provider, with time-outs, few and careful retries, and every failure in our terms."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from urllib3 import Timeout, encode_multipart_formdata
from urllib3.exceptions import HTTPError, NewConnectionError

from caching import tracing
from speech import strict_json
from speech.exceptions import (
    GatewayError,
    ProviderAuthFailed,
    ProviderBadAnswer,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnavailable,
)
from speech.providers._shared import errors
from speech.providers._shared.api_keys import keys_of
from speech.providers._shared.http_connections import explain, pool_for
from speech.providers._shared.http_response import LARGEST_BODY, Reply

_RETRIES = 2
_FIRST_PAUSE = 0.25  # seconds, doubled for the second retry
_PATIENCE = 2  # read time-outs after which a call is not tried again
_LONGEST_PAUSE = 5.0  # seconds; a provider that asks for more is not worth the client's wait
_LARGEST_ERROR = 1024 * 1024  # bytes: a message may quote the request
_FAULTS_OF_A_KEY = (ProviderAuthFailed, ProviderQuotaExceeded, ProviderRateLimited)


class Form(list[tuple[str, Any]]):
    """The fields of a `multipart/form-data` body; a file is a pair of its name and its bytes."""


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """One request to a provider, a GET if there is no `body`.

    The values of `headers` are taken for secrets and kept out of every message.
    """

    provider: str
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any] | Form | bytes | None = None
    """Sent as JSON, as a form, or as it is."""
    key: str = ""
    """The API key among the headers, if the provider may have several."""
    with_next_key: Callable[[], ProviderRequest] | None = None
    """Returns the same request with the key that is to be used next."""


@contextmanager
def post(request: ProviderRequest) -> Iterator[Reply]:
    """Send `request` and give its body to be read; leaving the block early closes the connection.

    Raises ProviderError or ProviderRejected, always before any byte of a body was handed on.
    """
    reply = _open(request, time.monotonic() + _PATIENCE * settings.PROVIDER_READ_TIMEOUT)
    try:
        yield reply
    finally:
        reply.close()


def call_for_json(request: ProviderRequest) -> dict[str, Any]:
    """Send `request` and return the JSON object that it is answered with, all of it within one read time-out."""
    with post(request) as reply:
        return read_json(request.provider, reply)


def read_json(provider: str, reply: Reply) -> dict[str, Any]:
    """Return the JSON object that a request is answered with. Raises ProviderError or ProviderRejected."""
    answer = json_object(provider, read_body(provider, reply))
    errors.raise_if_error(provider, answer, reply.headers)
    return answer


def read_body(provider: str, reply: Reply) -> bytes:
    body = reply.read(LARGEST_BODY)
    if len(body) > LARGEST_BODY:
        raise ProviderBadAnswer(f"{provider} sent more than {LARGEST_BODY} bytes")
    return body


def why_unreachable(provider: str, url: str) -> str:
    """Return what keeps this machine from connecting to `url`, else "". Any answer will do: no key is sent."""
    timeout = Timeout(connect=settings.PROVIDER_CONNECT_TIMEOUT, read=settings.PROVIDER_CONNECT_TIMEOUT)
    options: dict[str, Any] = {"timeout": timeout, "retries": False, "redirect": False, "preload_content": False}
    try:
        pool_for(url).urlopen("GET", url, **options).close()
    except HTTPError as error:
        return explain(provider, error).message
    return ""


def json_object(provider: str, body: bytes | str) -> dict[str, Any]:
    """Parse what a provider has sent. Raises ProviderBadAnswer unless it is a JSON object, or the error in a list."""
    try:
        answer = strict_json.parse(body)
    except ValueError as error:
        raise ProviderBadAnswer(f"{provider} did not return JSON") from error
    if isinstance(answer, list) and answer and isinstance(answer[0], dict):
        # Gemini wraps its errors so.
        errors.raise_if_error(provider, answer[0])
    if not isinstance(answer, dict):
        raise ProviderBadAnswer(f"{provider} did not return a JSON object")
    # The events of a stream are texts: one may end with half a character, and the next begin with the other half.
    if isinstance(body, bytes) and b"\\ud" in body.lower():
        _refuse_half_characters(provider, answer)
    return answer


def check_types(provider: str, answer: Mapping[str, Any], shape: strict_json.Shape) -> None:
    """Raise ProviderBadAnswer if a part of `answer` is not of `shape`."""
    if place := strict_json.misfit(answer, shape):
        raise ProviderBadAnswer(f"{provider} sent a value of the wrong type at {place[1:]}")


def _refuse_half_characters(provider: str, answer: dict[str, Any]) -> None:
    try:
        json.dumps(answer, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ProviderBadAnswer(f"{provider} sent half a character") from error


def _open(request: ProviderRequest, deadline: float, retries: int = 0) -> Reply:
    try:
        reply = _send(request)
    except NewConnectionError as error:
        failure = explain(request.provider, error)
    else:
        if 200 <= reply.status < 300:
            return reply
        failure = _refusal(request, reply)
        if other := _with_another_key(request, failure):
            return _open(other, deadline, retries)
        if not _may_retry(failure, reply):
            raise failure
    pause = max(_FIRST_PAUSE * 2**retries, failure.retry_after or 0)
    if retries == _RETRIES or pause > _LONGEST_PAUSE or time.monotonic() > deadline:
        raise failure
    time.sleep(pause * random.uniform(1, 1.5))  # noqa: S311 - spreads the retries of many clients
    return _open(request, deadline, retries + 1)


def _with_another_key(request: ProviderRequest, failure: GatewayError) -> ProviderRequest | None:
    """Return the request with a key that was not refused, if this failure is the key's and there is another one."""
    if request.with_next_key is None or not isinstance(failure, _FAULTS_OF_A_KEY):
        return None
    keys = keys_of(request.provider)
    keys.refused(request.key, failure.retry_after)
    other = request.with_next_key()
    return None if keys.is_refused(other.key) else other


def _send(request: ProviderRequest) -> Reply:
    """Return the head of the answer. Raises NewConnectionError, which a retry may mend, and ProviderError otherwise."""
    body, content_type = _encoded(request.body)
    try:
        response = pool_for(request.url).urlopen(
            "GET" if body is None else "POST",
            request.url,
            body=body,
            headers={**content_type, **tracing.headers(), **request.headers},
            timeout=Timeout(connect=settings.PROVIDER_CONNECT_TIMEOUT, read=settings.PROVIDER_READ_TIMEOUT),
            retries=False,
            redirect=False,
            preload_content=False,
        )
    except NewConnectionError:
        raise
    except HTTPError as error:
        raise explain(request.provider, error) from error
    return Reply(request.provider, response)


def _encoded(body: Mapping[str, Any] | Form | bytes | None) -> tuple[bytes | None, dict[str, str]]:
    if body is None or isinstance(body, bytes):
        return body, {}
    if isinstance(body, Form):
        data, content_type = encode_multipart_formdata(body)
        return data, {"Content-Type": content_type}
    return json.dumps(body, ensure_ascii=False).encode(), {"Content-Type": "application/json"}


def _refusal(request: ProviderRequest, reply: Reply) -> GatewayError:
    try:
        body = reply.read(_LARGEST_ERROR)
    except (ProviderBadAnswer, ProviderTimeout, ProviderUnavailable):
        body = b""  # the status alone tells enough
    finally:
        reply.close()
    secrets = [word for value in request.headers.values() for word in value.split()]
    return errors.from_answer(request.provider, reply.status, reply.headers, body, secrets)


def _may_retry(failure: GatewayError, reply: Reply) -> bool:
    if reply.headers.get("x-should-retry") == "false":
        return False
    if isinstance(failure, ProviderRateLimited):
        return failure.retry_after is not None
    return isinstance(failure, ProviderUnavailable)
