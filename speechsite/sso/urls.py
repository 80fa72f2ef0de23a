from __future__ import annotations

from django.urls import path

from speechsite.sso.views import Callback, Start, guarded, log_out

urlpatterns = [
    path("sso/", guarded(Start.as_view()), name="sso"),
    path("sso/callback/", guarded(Callback.as_view()), name="oidc_authentication_callback"),
    path("logout/", log_out),
]
