from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.checks import check_admin_app
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.checks.registry import registry
from django.utils import timezone

from caching.checks import TAG
from speech import providers

# As Django's security.W009, which is only a warning.
LEAST_CHARACTERS, LEAST_DIFFERENT = 50, 5

# REDIS_TIMEOUT and REDIS_TIMEOUT_MS: 0.90; GROQ_API_KEY and AZURE_API_KEY: 0.72.
LEAST_LIKENESS = 0.85
_HOST = re.compile(r"\*|\.?[\w-]+(\.[\w-]+)*\.?|\[[0-9a-fA-F:.]+\]")
# RFC 1034 and Django know no others in the name of a host. An "_" is usual in the names of containers.
_IN_NO_HOST = re.compile(r"[^a-zA-Z0-9*.:\[\]-]")


@register(Tags.security, deploy=True)
def check_secret_key(**kwargs: Any) -> list[CheckMessage]:
    key: str = settings.SECRET_KEY
    if len(key) >= LEAST_CHARACTERS and len(set(key)) >= LEAST_DIFFERENT and not key.startswith("django-insecure-"):
        return []
    hint = "Set SECRET_KEY to 50 random characters: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
    return [Error("SECRET_KEY is generated for development or can be guessed.", hint=hint, id="speechsite.E001")]


# `check_admin` is in its place: SimpleAdminConfig registers it too, and each error would be told twice.
registry.registered_checks.discard(check_admin_app)


@register(Tags.admin)
def check_admin(**kwargs: Any) -> list[CheckMessage]:
    """Check the admin's modules, which nothing else may have imported."""
    admin.autodiscover()
    return check_admin_app(**kwargs)


@register(TAG)
def check_hosts(**kwargs: Any) -> list[CheckMessage]:
    """Report entries of ALLOWED_HOSTS that no request can match."""
    hint = "Write the name alone, such as speech.example.com, or .example.com for its subdomains too"
    return [
        Error(
            f"settings: ALLOWED_HOSTS must list host names without scheme, port and path, not {host!r}.",
            hint=hint,
            id="speechsite.E004",
        )
        for host in settings.ALLOWED_HOSTS
        if not _HOST.fullmatch(host)
    ]


@register(TAG)
def check_host_characters(**kwargs: Any) -> list[CheckMessage]:
    """Warn of names that no request can match, beside which others may serve."""
    return [
        Warning(
            f"settings: no request can match {host!r} of ALLOWED_HOSTS.",
            hint="Names of hosts have letters, digits and hyphens: give the container an alias such as my-gateway.",
            id="speechsite.W002",
        )
        for host in settings.ALLOWED_HOSTS
        if _HOST.fullmatch(host) and _IN_NO_HOST.search(host)
    ]


@register(TAG)
def check_time_zones(**kwargs: Any) -> list[CheckMessage]:
    """Warn of a system without time zones, as in small images: the API works without, pages do not."""
    try:
        timezone.get_default_timezone()
    except ZoneInfoNotFoundError:
        message = "settings: this system has no time zones, which every page of the dashboard needs."
        return [Warning(message, hint="Install its package tzdata.", id="speechsite.W003")]
    return []


@register(TAG)
def check_variable_names(**kwargs: Any) -> list[CheckMessage]:
    """Warn of variables in the env file that nothing reads and whose names resemble one that is read.

    Others may belong to another program, such as Docker Compose.
    """
    known = _known_variables()
    warnings: list[CheckMessage] = []
    for name in sorted(settings.VARIABLES_IN_FILE):
        is_read = name.removesuffix("_FILE") in known or name.startswith(("OTEL_", "SEMANTIC_EMBEDDER_"))
        if not is_read and (near := get_close_matches(name, known, 1, LEAST_LIKENESS)):
            message = f"settings: nothing reads the variable {name}."
            warnings.append(Warning(message, hint=f"Is {near[0]} meant?", id="speechsite.W001"))
    return warnings


def _known_variables() -> set[str]:
    """Return the variables that are read, those of providers included."""
    return settings.VARIABLES_READ | {
        f"{name.upper().replace('-', '_')}_{key}" for name in providers.names() for key in providers.get(name).defaults
    }


_AS_WRITTEN = {
    "quotation marks": "Write the value without them: `docker run --env-file` passes them on.",
    "${…}": "Write the value itself: the gateway replaces nothing in it, because passwords may hold a $.",
}


@register(TAG)
def check_values_are_final(**kwargs: Any) -> list[CheckMessage]:
    """Warn of values that are taken as they are written, where another program would change them."""
    known = _known_variables()
    return [
        Warning(
            f"settings: {name} is taken with the {what} in its value.",
            hint=_AS_WRITTEN[what],
            id="speechsite.W004",
        )
        for name, what in sorted(settings.VARIABLES_UNREPLACED.items())
        if name in known
    ]


@register()
def check_mail(**kwargs: Any) -> list[CheckMessage]:
    """Name recipients that no mail can reach. Answers are served without mails, so that no server stops for one."""
    errors: list[CheckMessage] = []
    if not _is_address(settings.DEFAULT_FROM_EMAIL):
        message = f"EMAIL_FROM must be a mail address, not {settings.DEFAULT_FROM_EMAIL!r}."
        errors.append(Error(message, id="speechsite.E002"))
    for name in ("ALERT_EMAILS", "REPORT_EMAILS"):
        recipients: list[str] = getattr(settings, name)
        if wrong := [address for address in recipients if not _is_address(address)]:
            errors.append(Error(f"{name} must list mail addresses, not {wrong[0]!r}.", id="speechsite.E002"))
        if recipients and not settings.EMAIL_HOST:
            hint = "Set EMAIL_URL, such as smtp+tls://user:password@mail.example.com:587"
            errors.append(Error(f"{name} is set, but no mail server is.", hint=hint, id="speechsite.E003"))
    return errors


def _is_address(text: str) -> bool:
    return "@" in text and text.isprintable()
