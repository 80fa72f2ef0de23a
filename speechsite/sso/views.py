from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, auth
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from jwt import PyJWTError
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView
from requests import RequestException

from speechsite.sso import discovery
from speechsite.views import LOGIN, page

logger = logging.getLogger(__name__)

# With `KeyError` for metadata that lacks an endpoint.
_FAULTS = (RequestException, PyJWTError, KeyError, ValueError)


class Start(OIDCAuthenticationRequestView):
    get_settings = staticmethod(discovery.setting)


class Callback(OIDCAuthenticationCallbackView):
    get_settings = staticmethod(discovery.setting)

    def login_failure(self) -> HttpResponse:
        text = "You are known, but have no role here. Ask for a group that has one."
        if getattr(self.request, "groups_were_left_out", False):
            text = (
                "You are in so many groups that the identity provider names none of them. Ask its administrator to "
                "send only the groups that are assigned to this application, or its roles."
            )
        return page(403, "No access", text, retry=LOGIN)


def guarded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Show a page if the provider does not answer, or not as the standard says."""

    def answer(request: HttpRequest, **more: Any) -> HttpResponseBase:
        try:
            return view(request, **more)
        except _FAULTS as error:
            logger.warning("Single sign-on failed: %s: %s", type(error).__name__, error)
            text = "Single sign-on does not work at the moment: the identity provider does not answer as it should."
            return page(503, "No answer", text, retry=LOGIN)

    return answer


def log_out(request: HttpRequest) -> HttpResponseBase:
    """Log out here, and offer to log out at the provider. Not by a redirect: `form-action 'self'` forbids it."""
    token = request.session.get("oidc_id_token")
    if request.method != "POST" or not token:
        return admin.site.logout(request)
    auth.logout(request)
    address = _end_session(request, token)
    text = "You are logged out here." + (" Your session at the identity provider goes on." if address else "")
    return page(200, "Logged out", text, elsewhere=address)


def _end_session(request: HttpRequest, token: str) -> str:
    """Return the address at which the provider ends its own session (RP-Initiated Logout 1.0), else ""."""
    try:
        endpoint = discovery.published().get("end_session_endpoint")
    except _FAULTS:
        return ""
    back = request.build_absolute_uri(LOGIN)
    query = {"id_token_hint": token, "client_id": settings.OIDC_RP_CLIENT_ID, "post_logout_redirect_uri": back}
    return f"{endpoint}?{urlencode(query)}" if endpoint else ""
