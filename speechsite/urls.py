from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from speechsite import http_metrics
from speechsite.front_page import home
from speechsite.views import login

admin.autodiscover()

urlpatterns = [
    path("", home, name="home"),
    path("", include("speech.urls")),
    path("metrics", http_metrics.export, name="prometheus-django-metrics"),
    path("admin/", include("caching.dashboard.urls")),
    path("admin/playground/", include("speech.playground_urls")),
    path("admin/login/", login),
    *([path("admin/", include("speechsite.sso.urls"))] if settings.OIDC_ISSUER else []),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]

handler400 = "speechsite.views.bad_request"
handler403 = "speechsite.views.permission_denied"
handler404 = "speechsite.views.not_found"
handler500 = "speechsite.views.server_error"
