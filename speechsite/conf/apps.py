from __future__ import annotations

INSTALLED_APPS = [
    "unfold",
    # The URLs import the admin's modules: without them a command starts in four fifths of the time.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_prometheus",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "caching",
    "speech",
    "speechsite",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Calls of the API end here; what follows is for people with a browser.
    "speechsite.middleware.ApiShortPath",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "speechsite.middleware.AdminContentSecurityPolicy",
    "speechsite.middleware.ViewerTimeZone",
]

HTTP_METRICS = ("pages", "all", "off")
_BEFORE, _AFTER = "django_prometheus.middleware.PrometheusBeforeMiddleware", "speechsite.http_metrics.PrometheusAfter"


def middleware(http_metrics: str) -> list[str]:
    """Return Django's MIDDLEWARE, with metrics of pages, or of calls of the API too."""
    short_path = MIDDLEWARE.index("speechsite.middleware.ApiShortPath")
    if http_metrics == "all":
        return [_BEFORE, *MIDDLEWARE[:short_path], _AFTER, *MIDDLEWARE[short_path:]]
    if http_metrics == "pages":
        return [*MIDDLEWARE[: short_path + 1], _BEFORE, *MIDDLEWARE[short_path + 1 :], _AFTER]
    return [*MIDDLEWARE]
