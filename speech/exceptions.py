"""Every failure that a client may see: one tree, one root.

`speech.api.errors` turns any of these into the documented error body. Nothing else in the project builds one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any


class GatewayError(Exception):
    """A failure with a status, a stable code of ours, and a message that is safe to show to a client."""

    status = 500
    details: Mapping[str, Any] = MappingProxyType({})
    """Further fields of the error body."""
    code = "internal_error"
    type = "server_error"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        """`param` names the field at fault; `retry_after` is in seconds and becomes the `Retry-After` header."""
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code or self.code
        self.retry_after = retry_after

    @property
    def retry_helps(self) -> bool:
        """True if repeating the request may succeed."""
        return False

    def rename_field(self, names: Mapping[str, str]) -> None:
        """Name the field at fault as the request does, in the message too: `{"model": "tts_model"}`.

        A field within it keeps its own name in the message: "input: role must be one of …".
        """
        field, _, path = (self.param or "").partition(".")
        name = names.get(field)
        # An unknown field has its name from the client.
        if name and self.code != "unknown_field":
            if self.message.startswith(f"{self.param} "):
                inner = path.rpartition(".")[2]
                place = f"{name}: {inner}" if inner.isidentifier() else name
                self.message = f"{place}{self.message.removeprefix(self.param or '')}"
            self.param = name


@contextmanager
def fields_named(names: Mapping[str, str]) -> Iterator[None]:
    """Let errors name fields as the request does."""
    try:
        yield
    except GatewayError as error:
        error.rename_field(names)
        raise


class InvalidRequest(GatewayError):
    status = 400
    code = "invalid_value"
    type = "invalid_request_error"


class UnsupportedFeature(InvalidRequest):
    """The request is valid, but this provider or installation does not support it."""

    code = "unsupported_feature"


class NotAllowed(InvalidRequest):
    """The client may not use this provider or model."""

    status = 403


class ProviderNotAllowed(NotAllowed):
    code = "provider_not_allowed"


class ModelNotAllowed(NotAllowed):
    code = "model_not_allowed"


class TooManyRequests(GatewayError):
    """The client's rate limit is reached."""

    status = 429
    code = "rate_limit_exceeded"
    type = "rate_limit_error"

    @property
    def retry_helps(self) -> bool:
        """True if repeating the request may succeed."""
        return True


class BudgetSpent(GatewayError):
    """The client's daily budget is spent; an early retry is pointless."""

    status = 429
    code = type = "insufficient_quota"


class ServerBusy(GatewayError):
    """This server has as much to do as it can."""

    status = 503
    code = "server_busy"

    @property
    def retry_helps(self) -> bool:
        """True if repeating the request may succeed."""
        return True


class NotCached(GatewayError):
    """`only-if-cached` was asked for and nothing fresh is stored (RFC 9111, section 5.2.1.7)."""

    status = 504
    code = "not_cached"
    type = "cache_error"


class ProviderError(GatewayError):
    """A provider did not give a usable answer. Never the client's own fault, so never a 401 or 403."""

    status = 502
    code = "provider_error"
    type = "provider_error"


class ProviderUnavailable(ProviderError):
    """Refused, unreachable, 5xx after the retries, or reset in the middle."""

    status = 503
    code = "provider_unavailable"

    @property
    def retry_helps(self) -> bool:
        """True if repeating the request may succeed."""
        return True


class ProviderTimeout(ProviderError):
    status = 504
    code = "provider_timeout"

    @property
    def retry_helps(self) -> bool:
        """True if repeating the request may succeed."""
        return True


class ProviderRateLimited(ProviderError):
    status = 503
    code = "provider_rate_limited"

    @property
    def retry_helps(self) -> bool:
        """True if repeating the request may succeed."""
        return True


class ProviderQuotaExceeded(ProviderError):
    """The operator's account is out of credit."""

    status = 503
    code = "provider_quota_exceeded"


class ProviderAuthFailed(ProviderError):
    """The provider rejected the operator's key."""

    code = "provider_auth_failed"


class ProviderNotConfigured(ProviderError):
    """A required setting of the provider, usually its key, is missing."""

    status = 503
    code = "provider_not_configured"


class ProviderRejected(InvalidRequest):
    """The provider rejected the request as invalid, with this status: 400, 404, 409, 413 or 422."""

    code = "provider_rejected_request"

    def __init__(
        self, message: str, *, status: int = 400, type: str = "", details: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        """`type` and `details`: the provider's own, as Azure says which filter objects and Groq what was generated."""
        super().__init__(message, **more)
        self.status, self.details = status, details or {}
        self.type = type or self.type


class ProviderBadAnswer(ProviderError):
    """An answer that is not of the provider's documented form, empty, or cut short."""

    code = "provider_bad_answer"

    def __init__(self, message: str, *, empty: bool = False, **more: Any) -> None:
        """`empty`: there is no content, for which the request may be the reason."""
        super().__init__(message, **more)
        self.empty = empty
