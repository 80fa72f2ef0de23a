"""The login of the admin, with a limit on how fast passwords can be tried."""

from __future__ import annotations

import math
import unicodedata

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from caching import keys, rates

A_MINUTE_BY_NAME = 10
A_MINUTE_BY_ADDRESS = 30
"""Higher: behind a proxy everybody has its address."""


def login(request: HttpRequest) -> HttpResponseBase:
    """Django's own; 429 for too many attempts, before the password is hashed, which takes a quarter of a second."""
    waiting = _waiting(request) if request.method == "POST" else 0.0
    if not waiting:
        return admin.site.login(request)
    seconds = math.ceil(waiting)
    text = f"Too many attempts. Try again in {seconds} s."
    return HttpResponse(text, status=429, content_type="text/plain", headers={"Retry-After": str(seconds)})


def _waiting(request: HttpRequest) -> float:
    name = unicodedata.normalize("NFKC", request.POST.get("username", "")).casefold()
    return max(
        rates.take(f"login:name:{keys.digest(name)[:32]}", A_MINUTE_BY_NAME),
        rates.take(f"login:address:{keys.digest(request.META.get('REMOTE_ADDR', ''))[:32]}", A_MINUTE_BY_ADDRESS),
    )
