from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone

PREFIXES = ("/v1/", "/api/")
# Asked every few seconds, by programs that know a machine by its address or a container by its name: orchestrators,
# load balancers, Prometheus. They are answered under any Host, which no answer repeats.
PROBES = frozenset({"/healthz", "/health", "/readyz", "/metrics"})
REMEMBERED_PATHS = 256


class HttpsRequired(BadRequest):
    """A call of the API without TLS. Not redirected: clients repeat a redirected POST as GET, without its body."""

    def __init__(self) -> None:
        super().__init__(
            "This gateway answers over HTTPS only. Use an https:// base URL; if you do, the proxy in front of the "
            "gateway does not set X-Forwarded-Proto."
        )


class ApiShortPath:
    """Short path for calls of the API and probes: straight to the view.

    Bypassed: the middleware that follows (sessions, cookies, CSRF, messages, static files) and Django's URL resolver,
    44 % of the calls of a hit. Of what these do, this class keeps the check of the host, Content-Length and X-Frame-
    Options; an unknown path takes the long way to handler404. speechsite/tests/test_middleware.py notices an upgrade.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._https_only = settings.HTTPS_ONLY

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        match = _match(path) if path.startswith(PREFIXES) or path in PROBES else None
        if match is None:
            return self.get_response(request)
        if path not in PROBES:
            request.get_host()  # Raises DisallowedHost.
            if self._https_only and not request.is_secure():
                raise HttpsRequired
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response = response.render()
        response.headers["X-Frame-Options"] = "DENY"
        if isinstance(response, HttpResponse):
            response.headers["Content-Length"] = str(len(response.content))
        return response


@lru_cache(REMEMBERED_PATHS)
def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None


# Alpine.js, which django-unfold uses, evaluates expressions in attributes and needs 'unsafe-eval'. Inline scripts are
# forbidden, so that text from a cache entry cannot run even if it were not escaped. htmx and Chart.js set styles.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class AdminContentSecurityPolicy:
    """Send a Content-Security-Policy with every page but that of the API documentation, which has inline scripts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(PREFIXES):
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 400 for a number in an address that no column holds: Django's filters by `__in` do not check it."""
        if isinstance(exception, OverflowError | DataError) and request.method == "GET":
            return HttpResponseBadRequest("A number is too large.", content_type="text/plain")
        return None


class ViewerTimeZone:
    """Show moments of the admin in the time zone of the browser, which `page.js` puts into a cookie; else in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = zone_named(unquote(request.COOKIES.get("tz", ""))) if request.path.startswith("/admin/") else None
        with timezone.override(zone):
            return self.get_response(request)


@lru_cache(REMEMBERED_PATHS)
def zone_named(name: str) -> ZoneInfo | None:
    """Return the time zone with a name of IANA's; None for any other text."""
    try:
        return ZoneInfo(name) if name in available_timezones() else None
    except (ValueError, OSError):
        return None
