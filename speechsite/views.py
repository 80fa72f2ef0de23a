"""Errors that no API view sees. Programs get the API's shape, people pages."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import DisallowedHost, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.request import split_domain_port
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from caching import keys
from caching.coordination import rate_limit
from caching.dashboard import permissions
from caching.installation import installation_id
from speech.api.errors import error_body
from speechsite.middleware import HttpsRequired
from speechsite.server.addresses import network_of

PAGES = ("/admin/", "/static/")
MAX_SEGMENTS = 8
_UNKNOWN_HOST = "The name in the Host header is not in ALLOWED_HOSTS."
# ALLOWED_HOSTS cannot help.
_NO_HOST = "The name in the Host header is none of a host (RFC 1034): use one with letters, digits and hyphens only."
_OTHER_ADDRESS = (
    "The browser knows this page under another address than the gateway. Its operator lists the browser's in "
    "CSRF_TRUSTED_ORIGINS, such as https://speech.example.com, and lets the proxy pass on the Host."
)
_SDK_PATH = re.compile(
    r"/(api|v\d\w*|openai|chat|completions|responses|embeddings|audio|models|messages|moderations|images|files|batches"
    r"|assistants|threads|vector_stores|fine_tuning|realtime|engines|text-to-speech|speech-to-text|translate|voices"
    r"|rerank|tokenize)(/|$)"
)

# Operations of OpenAI's API that are not served: of `audio`, `chat` and `responses` some, of the other resources all.
_OF_OPENAI = re.compile(
    r"/v1/(assistants|audio/(voices|voice_consents)|batches|chat/completions|chatkit|completions|containers"
    r"|conversations|evals|files|fine_tuning|images|moderations|organization|realtime|responses|skills|threads|uploads"
    r"|vector_stores|videos)(/|$)"
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if isinstance(exception, HttpsRequired):
        return _error(400, str(exception), "invalid_request_error", "https_required")
    unknown_host = isinstance(exception, DisallowedHost)
    no_host = unknown_host and not split_domain_port(request.META.get("HTTP_HOST", ""))[0]
    if _is_api(request):
        message = _NO_HOST if no_host else _UNKNOWN_HOST if unknown_host else "The request is malformed."
        return _error(400, message, "invalid_request_error", "bad_request")
    if unknown_host:
        text = _NO_HOST if no_host else f"{_UNKNOWN_HOST} Add it there, or open a name that is."
        return page(400, "Unknown host", text, is_dead_end=True)
    return page(400, "Bad request", "The browser sent something that this server cannot read.")


def permission_denied(request: HttpRequest, exception: PermissionDenied) -> HttpResponseBase:
    if _is_api(request):
        return _error(403, "Permission denied.", "permission_error", "permission_denied")
    missing = permissions.missing(request, exception) or "Your account may not do this."
    return page(403, "Not allowed", f"{missing} An administrator can change that.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    # "Origin checking failed", "Referer checking failed"
    if "checking failed" in reason:
        return page(403, "Another address", _OTHER_ADDRESS, retry=request.get_full_path())
    text = "This form is too old, or cookies are blocked. Load the page again and repeat what you did."
    return page(403, "The form has expired", text, retry=request.get_full_path())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _error(404, f"Not found: {request.path}{_hint(request.path)}", "not_found_error", "not_found")
    return page(404, "Page not found", f"There is no page at {request.path[:200]}.")


def server_error(request: HttpRequest) -> HttpResponseBase:
    if _is_api(request):
        return _error(500, "Internal server error.", "server_error", "internal_error")
    text = "Something went wrong on this server. The log has the details; nothing that you did is to blame."
    return page(500, "Internal server error", text)


def _is_api(request: HttpRequest) -> bool:
    """Return True for the paths of the API, for those that SDKs add to a wrong base URL, and for other programs."""
    if request.path.startswith(PAGES):
        return False
    accepts = request.headers.get("Accept", "")
    is_program = "Authorization" in request.headers or "application/json" in accepts or request.method == "POST"
    return is_program or _SDK_PATH.match(request.path) is not None


def _hint(path: str) -> str:
    if meant := _path_meant(path):
        return f"; did you mean {meant}? The base URL for OpenAI's clients ends with /v1"
    return "; the gateway does not serve this operation of OpenAI's API" if _OF_OPENAI.match(path) else ""


def _path_meant(path: str) -> str:
    """Return the path of the API that results from adding `/v1` or dropping the first segments, else ""."""
    segments = path.split("/", MAX_SEGMENTS)[1:]
    for first in range(len(segments)):
        rest = "/".join(segments[first:])
        for meant in (f"/v1/{rest}", f"/{rest}"):
            if rest and _SDK_PATH.match(meant) and _exists(meant):
                return meant
    return ""


def _exists(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _error(status: int, message: str, type: str, code: str) -> HttpResponse:
    retry = {"x-should-retry": "false"} if status < 500 else {}
    return JsonResponse(error_body(message, type=type, param=None, code=code), status=status, headers=retry)


def page(status: int, title: str, text: str, **context: Any) -> HttpResponse:
    """Render a page without a request: it needs neither session nor database, which may be what failed."""
    page = render_to_string("site/message.html", {"status": status, "title": title, "text": text, **context})
    return HttpResponse(page, status=status)


LOGIN = "/admin/login/"
# Attempts to log in per minute.
A_MINUTE_BY_NAME = 10
# Higher, because behind a proxy that is not in TRUSTED_PROXIES all visitors share one address.
A_MINUTE_BY_ADDRESS = 30


def login(request: HttpRequest) -> HttpResponseBase:
    """Django's own; 429 for too many attempts, before the password is hashed, which takes a quarter of a second."""
    if request.method == "POST" and not settings.PASSWORD_LOGIN:
        return page(403, "No passwords", "Passwords are switched off. Log in by single sign-on.", retry=LOGIN)
    waiting = _waiting(request) if request.method == "POST" else 0.0
    if not waiting:
        ways = {"single_sign_on": bool(settings.OIDC_ISSUER), "password_login": settings.PASSWORD_LOGIN}
        return admin.site.login(request, ways)
    seconds = math.ceil(waiting)
    text = f"Wait {seconds} seconds, then try again. The limit protects the passwords of all users."
    response = page(429, "Too many attempts to log in", text, retry=request.get_full_path())
    response.headers["Retry-After"] = str(seconds)
    return response


def _waiting(request: HttpRequest) -> float:
    name = unicodedata.normalize("NFKC", request.POST.get("username", "")).casefold()
    return max(
        rate_limit.take(_counter("name", name), A_MINUTE_BY_NAME),
        rate_limit.take(_counter("address", network_of(request.META)), A_MINUTE_BY_ADDRESS),
    )


def _counter(kind: str, value: str) -> str:
    return f"login:{kind}:{keys.digest([installation_id(), value])[:32]}"
