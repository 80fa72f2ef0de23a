"""All configuration. This is the only file that reads the environment; `.env.example` describes every variable."""

from __future__ import annotations

import os
import secrets
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

from caching.plugins import plugin_names
from caching.redis.backend import redis_cache
from caching.redis.url import normalize_redis_url
from speechsite import __version__
from speechsite.conf import accounts, apps, cors, database, env, log_config, mail, pages, private_files, sso, traces
from speechsite.conf.openapi import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from speechsite.conf.rest_framework import REST_FRAMEWORK as REST_FRAMEWORK
from speechsite.conf.unfold import UNFOLD as UNFOLD
from speechsite.server import private_redis

BASE_DIR = Path(__file__).resolve().parent.parent

# What the process was started with wins over the file. No interpolation: a password may contain `$`.
_file = dotenv_values(stream=StringIO(env.file(os.environ.get("ENV_FILE"), BASE_DIR / ".env")), interpolate=False)
_env = env.with_secrets_from_files({**_file, **os.environ})

_reader = env.EnvReader(_env)
envstr, envbool, envint = _reader.text, _reader.switch, _reader.whole_number
envproxy = _reader.proxy
envchoice, envlist = _reader.choice, _reader.items

# Django

VERSION = __version__
VAR_DIR = private_files.private_directory("VAR_DIR", BASE_DIR / envstr("VAR_DIR", "var"))


def _development_key() -> str:
    """Key of this checkout, shared by its workers; `check --deploy` asks for a real one."""
    fresh = f"django-insecure-{secrets.token_urlsafe(50)}"
    return private_files.kept_text("VAR_DIR", VAR_DIR / "secret_key", fresh)


DEBUG = envbool("DEBUG", False)
HTTPS_ONLY = envbool("HTTPS_ONLY", False)
SECRET_KEY = envstr("SECRET_KEY") or _development_key()
if HTTPS_ONLY and SECRET_KEY.startswith("django-insecure-"):
    raise ImproperlyConfigured("HTTPS_ONLY needs a SECRET_KEY that is not a development key")
ALLOWED_HOSTS = envlist("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS", envlist("CSRF_TRUSTED_ORIGINS"))
CSRF_FAILURE_VIEW = "speechsite.views.csrf_failure"
# The theme's login form names no page to return to.
LOGIN_REDIRECT_URL = "admin:index"
ROOT_URLCONF = "speechsite.urls"
WSGI_APPLICATION = "speechsite.wsgi.application"
# Clients send `/v1/chat/completions` with and without a slash; a redirected POST would lose its body.
APPEND_SLASH = False
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "speechsite.conf.formats"
AUTH_PASSWORD_VALIDATORS, SESSION_COOKIE_AGE = accounts.PASSWORD_VALIDATORS, accounts.SESSION_SECONDS
DATA_UPLOAD_MAX_MEMORY_SIZE = envint("MAX_BODY_BYTES", 1_048_576, least=1024)
# With images in them.
MAX_CHAT_BODY_BYTES = envint("MAX_CHAT_BODY_BYTES", 20_971_520, least=1024)
# What OpenAI takes too.
MAX_UPLOAD_BYTES = envint("MAX_UPLOAD_BYTES", 26_214_400, least=1024)

INSTALLED_APPS = [*apps.INSTALLED_APPS]
# django-prometheus' metrics of requests. Those of the API add a quarter to the CPU time of a hit.
HTTP_METRICS = envchoice("HTTP_METRICS", "pages", apps.HTTP_METRICS)
MIDDLEWARE = apps.middleware(HTTP_METRICS)

# Off by default: a browser that calls the API shows its key to its user.
CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS", envlist("CORS_ALLOWED_ORIGINS"))
CORS_URLS_REGEX = r"^/(?:v1|api)/"
CORS_ALLOW_HEADERS, CORS_EXPOSE_HEADERS = cors.SENT, cors.READ
if CORS_ALLOWED_ORIGINS:
    MIDDLEWARE.insert(0, "corsheaders.middleware.CorsMiddleware")
    INSTALLED_APPS.append("corsheaders")

TEMPLATES = pages.templates(BASE_DIR)

STATIC_URL = "static/"
# An image has them collected beside the code.
STATIC_ROOT = BASE_DIR / "collected" if (BASE_DIR / "collected").is_dir() else VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "speechsite" / "theme"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "speechsite.conf.static_files.HashedFiles"},
}
# What was not collected.
WHITENOISE_USE_FINDERS = True

# TLS ends at a proxy in front, which says in X-Forwarded-Proto how it was asked.

HSTS_SECONDS = envint("HSTS_SECONDS", 31_536_000)
# Addresses and networks of proxies whose X-Forwarded-For is believed.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES", envlist("TRUSTED_PROXIES"))
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
SECURE_HSTS_SECONDS = HSTS_SECONDS if HTTPS_ONLY else 0
# Probes are asked from within, past the proxy; calls of the API get an error (`ApiShortPath`).
SECURE_REDIRECT_EXEMPT = [r"^healthz?$", r"^readyz$", r"^metrics$", r"^v1/", r"^api/(?!(docs|schema)(/|$))"]
# Whether HSTS holds for other names of the domain, and is built into browsers, is not this service's to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# Staff: passwords, and single sign-on (OpenID Connect) with requirements-sso.txt

PASSWORD_LOGIN = envbool("PASSWORD_LOGIN", True)
OIDC_ISSUER = envstr("OIDC_ISSUER")
OIDC_RP_CLIENT_ID = envstr("OIDC_CLIENT_ID")
OIDC_RP_CLIENT_SECRET = envstr("OIDC_CLIENT_SECRET")
OIDC_RP_SCOPES = envstr("OIDC_SCOPES", "openid email profile")
OIDC_RP_SIGN_ALGO = envchoice("OIDC_SIGN_ALGORITHM", "RS256", sso.SIGN_ALGORITHMS)
OIDC_GROUPS_CLAIM = envstr("OIDC_GROUPS_CLAIM", "groups")
OIDC_ROLES = sso.roles("OIDC_ROLES", envlist("OIDC_ROLES"))
OIDC_USE_PKCE, OIDC_TIMEOUT, OIDC_STORE_ID_TOKEN = sso.USE_PKCE, sso.TIMEOUT, sso.STORE_ID_TOKEN
AUTHENTICATION_BACKENDS = sso.backends(OIDC_ISSUER, OIDC_RP_CLIENT_ID, passwords=PASSWORD_LOGIN)

# Database

_database = database.entry(
    "DATABASE_URL",
    envstr("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}"),
    pool_size=envint("DATABASE_POOL_SIZE", 8, least=0),
)
DATABASES: dict[str, Any] = {"default": private_files.private_database(_database)}

# Server (`manage.py serve`)

HOST = env.host("HOST", envstr("HOST", "127.0.0.1"))
PORT = envint("PORT", 8000, least=1, most=65_535)
WORKERS = envint("WORKERS", 2, least=1, most=1000)
# A miss waits for its provider in a thread, so there are many more threads than cores.
THREADS = envint("THREADS", 128, least=1, most=10_000)
CPU_AFFINITY = envbool("CPU_AFFINITY", True)

# Redis

# That of a running `make run`, so that commands see the same cache.
PRIVATE_REDIS_URL = "" if envstr("REDIS_URL") else private_redis.running(VAR_DIR)
REDIS_URL = normalize_redis_url(envstr("REDIS_URL", PRIVATE_REDIS_URL))
REDIS_TIMEOUT_MS = envint("REDIS_TIMEOUT_MS", 250, least=1)
CACHE_KEY_PREFIX = envstr("CACHE_KEY_PREFIX")
# Whether keys hide what was asked.
CACHE_HASH_KEYS = envbool("CACHE_HASH_KEYS", False)
# How much of what it reads again and again a worker keeps in its own memory.
NEAR_CACHE_BYTES = envint("NEAR_CACHE_MB", 16, least=0) * 1_000_000
CACHES = {
    "default": redis_cache(REDIS_URL, "JSONSerializer", REDIS_TIMEOUT_MS, CACHE_KEY_PREFIX, NEAR_CACHE_BYTES),
    "audio": redis_cache(REDIS_URL, "AudioSerializer", REDIS_TIMEOUT_MS, CACHE_KEY_PREFIX, NEAR_CACHE_BYTES),
}

# Model that holds the names of API clients.
CLIENT_MODEL = "speech.Client"

# What is remembered, and for how long (seconds)

OPTIMIZATION_LEVEL = envstr("OPTIMIZATION_LEVEL", "balanced")
LLM_CACHE_TTL = {
    "quality": envint("LLM_CACHE_TTL_QUALITY", 3600, least=1),
    "balanced": envint("LLM_CACHE_TTL_BALANCED", 1800, least=1),
    "speed": envint("LLM_CACHE_TTL_SPEED", 600, least=1),
}
TTS_CACHE_TTL = {
    "quality": envint("TTS_CACHE_TTL_QUALITY", 1800, least=1),
    "balanced": envint("TTS_CACHE_TTL_BALANCED", 900, least=1),
    "speed": envint("TTS_CACHE_TTL_SPEED", 300, least=1),
}
# How long past its time an entry may still be served where the provider fails (RFC 5861).
STALE_IF_ERROR_SECONDS = envint("STALE_IF_ERROR_SECONDS", 0)
# What this many clients asked for may be kept where others that share find it.
SHARED_SCOPE_CLIENTS = envint("SHARED_SCOPE_CLIENTS", 2, least=1)
# As if every client had the setting `scope_by_user`.
SCOPE_BY_USER = envbool("SCOPE_BY_USER", False)
# From a client that shares, so that it cannot tell what others asked.
HIDE_CACHE_STATUS = envbool("HIDE_CACHE_STATUS", False)
PAD_SHARED_HITS = envbool("PAD_SHARED_HITS", False)
# Whether answers to questions are kept that depend on the moment ("what time is it") or on chance ("roll a die").
CACHED_KINDS = {
    "moment": envbool("CACHE_MOMENT_ANSWERS", False),
    "chance": envbool("CACHE_CHANCE_ANSWERS", False),
}
CACHE_REFUSALS = envbool("CACHE_REFUSALS", False)
# How the samples of a sentence are kept: pcm and flac are lossless.
TTS_CACHE_ENCODING = envchoice("TTS_CACHE_ENCODING", "pcm", ("pcm", "flac", "opus", "mulaw"))
# A folder, or s3://bucket/prefix: audio that is asked for again outlives Redis there.
AUDIO_ARCHIVE = env.archive("AUDIO_ARCHIVE", envstr("AUDIO_ARCHIVE"))
AUDIO_ARCHIVE_DAYS = envint("AUDIO_ARCHIVE_DAYS", 30, least=1, most=env.MOST_DAYS)
CACHE_MAX_ENTRY_BYTES = envint("CACHE_MAX_ENTRY_BYTES", 10_485_760, least=1)

# The semantic tier

SEMANTIC_MODE = envchoice("SEMANTIC_MODE", "on", ("on", "shadow", "off"))
SEMANTIC_EMBEDDER = envstr("SEMANTIC_EMBEDDER", "wordllama")
SEMANTIC_INDEX = envstr("SEMANTIC_INDEX", "numpy")
SEMANTIC_MAX_ENTRIES = envint("SEMANTIC_MAX_ENTRIES", 100_000, least=1)
SEMANTIC_TIMEOUT_MS = envint("SEMANTIC_TIMEOUT_MS", 300, least=1)
SEMANTIC_EMBEDDER_OPTIONS = {
    **{
        key.removeprefix("SEMANTIC_EMBEDDER_"): value
        for key, value in _env.items()
        if value and key.startswith("SEMANTIC_EMBEDDER_")
    },
    "TIMEOUT_MS": str(SEMANTIC_TIMEOUT_MS),
}

# Who says whether its answers were right. Its cost is the cache's own.
SEMANTIC_VERIFY_SHARE = env.share("SEMANTIC_VERIFY_SHARE", envstr("SEMANTIC_VERIFY_SHARE", "0"))
SEMANTIC_VERIFY_MODEL = envstr("SEMANTIC_VERIFY_MODEL")
# The cache knows no providers, so it is told whom to ask.
SEMANTIC_REVIEWER = "speech.llm_judge.ask_model"
SEMANTIC_PROMOTE = envbool("SEMANTIC_PROMOTE", False)
SEMANTIC_JUDGEMENTS_PER_MINUTE = envint("SEMANTIC_JUDGEMENTS_PER_MINUTE", 30, least=1)

# What it costs

DISPLAY_CURRENCY = envstr("DISPLAY_CURRENCY", "USD")
CURRENCY_RATES = env.rates("CURRENCY_RATES", envstr("CURRENCY_RATES", "INR=83"))
if DISPLAY_CURRENCY not in CURRENCY_RATES:
    raise ImproperlyConfigured(f"DISPLAY_CURRENCY is {DISPLAY_CURRENCY}, but CURRENCY_RATES has no rate for it")
LEDGER_RETENTION_DAYS = envint("LEDGER_RETENTION_DAYS", 90, least=1, most=env.MOST_DAYS)

# Providers

LLM_PROVIDER = envstr("LLM_PROVIDER", "demo")
TTS_PROVIDER = envstr("TTS_PROVIDER", "espeak")
STT_PROVIDER = envstr("STT_PROVIDER", "openai")
EMBEDDING_PROVIDER = envstr("EMBEDDING_PROVIDER", "openai")
# By scheme, as `urllib.request.getproxies` has them; `no` lists hosts that are asked directly.
PROXIES = {"https": envproxy("HTTPS_PROXY"), "http": envproxy("HTTP_PROXY"), "no": envproxy("NO_PROXY")}
PROVIDER_CONNECT_TIMEOUT = envint("PROVIDER_CONNECT_TIMEOUT", 2, least=1, most=86_400)
PROVIDER_READ_TIMEOUT = envint("PROVIDER_READ_TIMEOUT", 30, least=1, most=86_400)
# provider, or provider/model: asked in this order when the chosen one fails before the first byte.
LLM_FALLBACK = envlist("LLM_FALLBACK")
TTS_FALLBACK = envlist("TTS_FALLBACK")
# Failures in a row after which a worker leaves a provider alone, and for how many seconds.
PROVIDER_BREAKER_FAILURES = envint("PROVIDER_BREAKER_FAILURES", 5)
PROVIDER_BREAKER_SECONDS = envint("PROVIDER_BREAKER_SECONDS", 10, least=1)
# Days that an answer of /v1/responses can be retrieved and continued; 0: none is stored.
RESPONSES_RETENTION_DAYS = envint("RESPONSES_RETENTION_DAYS", 30, most=env.MOST_DAYS)
MAX_TEXT_CHARACTERS = envint("MAX_TEXT_CHARACTERS", 20_000, least=1)
MAX_CONVERSATION_CHARACTERS = envint("MAX_CONVERSATION_CHARACTERS", 0)
# Silence between two sentences that were synthesised one by one.
SENTENCE_PAUSE_MS = envint("SENTENCE_PAUSE_MS", 120, most=60_000)
# Spoken in the place of a block of code in a model's answer.
_spoken_code_block = envstr("SPOKEN_CODE_BLOCK", "Code block.")
SPOKEN_CODE_BLOCK = "" if _spoken_code_block == "none" else _spoken_code_block
SYNTHESIS_THREADS = envint("SYNTHESIS_THREADS", 8, least=1, most=1000)
# ACME_API_KEY reaches providers/acme.py as setting("API_KEY"): a new provider needs no line here.
_adapters = plugin_names([str(BASE_DIR / "speech" / "providers")])
# groq:openai makes a provider "groq" of the adapter "openai", with variables of its own (GROQ_API_KEY …).
PROVIDER_INSTANCES = env.provider_instances("PROVIDERS", envlist("PROVIDERS"), _adapters, levels=LLM_CACHE_TTL)
PROVIDERS = {name: env.provider_settings(_env, name) for name in (*_adapters, *PROVIDER_INSTANCES)}

# Mail and alerts

EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_USE_SSL = mail.server(
    "EMAIL_URL", envstr("EMAIL_URL")
)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = envstr("EMAIL_FROM", "speech-gateway@localhost")
ALERT_WEBHOOK_URL = env.web_address("ALERT_WEBHOOK_URL", envstr("ALERT_WEBHOOK_URL"))
ALERT_EMAILS, REPORT_EMAILS = envlist("ALERT_EMAILS"), envlist("REPORT_EMAILS")

# Logs

# 0 keeps what people asked and said out of the logs.
LOG_TEXTS = envbool("LOG_TEXTS", True)
LOG_LEVEL = envchoice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = envchoice("LOG_FORMAT", "text", log_config.FORMATS)
LOGGING = log_config.logging(LOG_LEVEL, LOG_FORMAT)

# Traces (OpenTelemetry), with requirements-otel.txt

OTEL_EXPORTER_OTLP_ENDPOINT = envstr("OTEL_EXPORTER_OTLP_ENDPOINT")
OTEL_SERVICE_NAME = envstr("OTEL_SERVICE_NAME", "speech-gateway")
OTEL_CAPTURE_TEXTS = envbool("OTEL_CAPTURE_TEXTS", False)
if OTEL_EXPORTER_OTLP_ENDPOINT:
    traces.demand(OTEL_EXPORTER_OTLP_ENDPOINT)
    # The rest of the standard's variables are read by its library, from the environment alone.
    for name, value in _env.items():
        if name.startswith("OTEL_") and value:
            os.environ.setdefault(name, value)
    MIDDLEWARE.insert(0, "speechsite.tracing.TraceRequests")

# For the check that notices misspelt names.
VARIABLES_IN_FILE = {name for name, value in _file.items() if value}
VARIABLES_READ = _reader.names
# For the check of values that another program reads otherwise.
VARIABLES_UNREPLACED = env.unreplaced(_env)
