from __future__ import annotations

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
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
