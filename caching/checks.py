"""System checks of the cache and the ledger, for `check`, `check --deploy` and `cache_doctor`."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import Error as DatabaseError
from django.db import connection

from caching import installation, numbers
from caching.archive import files
from caching.database import NotMigrated, require_migrations, why_no_connection
from caching.models import Price
from caching.policy import LEVELS
from caching.redis.doctor import Finding, examine_redis
from caching.redis.url import nodes
from caching.semantic import embedders, indexes

TAG = "gateway"
REDIS_TAG = "redis"

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@register(Tags.caches)
def check_key_functions(**kwargs: Any) -> list[CheckMessage]:
    """django-redis needs both functions: with one alone `iter_keys` returns wrong names."""
    return [
        Error(
            f"CACHES[{alias!r}] has only one of KEY_FUNCTION and REVERSE_KEY_FUNCTION.",
            hint="Set both, as caching.keys defines them.",
            id="caching.E001",
        )
        for alias, cache in settings.CACHES.items()
        if ("KEY_FUNCTION" in cache) != ("REVERSE_KEY_FUNCTION" in cache)
    ]


@register(TAG)
def check_level(**kwargs: Any) -> list[CheckMessage]:
    if settings.OPTIMIZATION_LEVEL in LEVELS:
        return []
    message = f"settings: OPTIMIZATION_LEVEL is {settings.OPTIMIZATION_LEVEL!r}, which is not a level."
    return [Error(message, hint=f"Use one of {', '.join(LEVELS)}.", id="caching.E002")]


@register(TAG)
def check_semantic_tier(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"settings: {setting} is {value!r}, which is not a file in caching/semantic/{folder}.",
            hint=f"Use one of {', '.join(known)}.",
            id="caching.E005",
        )
        for setting, value, folder, known in (
            ("SEMANTIC_INDEX", settings.SEMANTIC_INDEX, "indexes", indexes.names()),
            ("SEMANTIC_EMBEDDER", settings.SEMANTIC_EMBEDDER, "embedders", embedders.names()),
        )
        if value not in known
    ]


@register(TAG)
def check_embedder_library(**kwargs: Any) -> list[CheckMessage]:
    """Report a library that is not installed: no worker would start."""
    name = settings.SEMANTIC_EMBEDDER
    # The default's is a requirement, and loading it takes a tenth of the start of a command.
    if settings.SEMANTIC_MODE == "off" or name == "wordllama" or name not in embedders.names():
        return []
    if not (library := embedders.missing_library(name)):
        return []
    message = f"settings: SEMANTIC_EMBEDDER is {name}, whose library is not installed."
    hint = f".venv/bin/python -m pip install {library.replace('_', '-')}"
    return [Error(message, hint=hint, id="caching.E010")]


@register(TAG)
def check_embedder_options(**kwargs: Any) -> list[CheckMessage]:
    options = settings.SEMANTIC_EMBEDDER_OPTIONS
    dimensions, url = options.get("DIMENSIONS", "1"), options.get("BASE_URL", "http://")
    wrong = {
        "SEMANTIC_EMBEDDER_DIMENSIONS must be a whole number from 1 to 99999": (
            numbers.whole(dimensions, 1, 99_999) is None
        ),
        "SEMANTIC_EMBEDDER_BASE_URL must begin with http:// or https://": not url.startswith(("http://", "https://")),
    }
    return [
        Error(f"settings: {message}.", hint="Correct or unset it.", id="caching.E006")
        for message, is_wrong in wrong.items()
        if is_wrong
    ]


@register(TAG)
def check_key_prefix(**kwargs: Any) -> list[CheckMessage]:
    """A prefix is also a pattern of Redis users and of `redis-cli --scan`."""
    if re.fullmatch(r"[\w.:-]*", settings.CACHE_KEY_PREFIX):
        return []
    message = "settings: CACHE_KEY_PREFIX may contain letters, digits, '.', ':', '_' and '-' only."
    return [Error(message, hint="Use a name such as gateway.", id="caching.E007")]


@register(TAG, deploy=True)
def check_archive(**kwargs: Any) -> list[CheckMessage]:
    """Check that files can be written to the audio archive, read and deleted."""
    if not files.enabled():
        return []
    name = f"doctor/{files.new_name()}"
    try:
        files.write(name, b"ok")
        works = files.read(name) == b"ok"
        files.delete(name)
        reason = "" if works else "what was written cannot be read"
    except files.FilesUnavailable as error:
        reason = str(error)
    hint = "Check AUDIO_ARCHIVE and its permissions; s3:// needs django-storages[s3] and AWS credentials"
    return [Error(f"archive: {reason}", hint=hint, id="caching.E009")] if reason else []


@register(Tags.security, deploy=True)
def check_redis_is_encrypted(**kwargs: Any) -> list[CheckMessage]:
    url: str = settings.REDIS_URL
    if not url or url.startswith("rediss") or all(host in _LOOPBACK for host, _ in nodes(url)):
        return []
    message = "REDIS_URL connects to another machine without TLS: traffic can be read on the network."
    return [Warning(message, hint="Use rediss:// (double s) if your Redis supports TLS.", id="caching.W001")]


@register(REDIS_TAG, deploy=True)
def check_redis(**kwargs: Any) -> list[CheckMessage]:
    findings = examine_redis(settings.REDIS_URL, settings.SEMANTIC_INDEX)
    return [_message(finding) for finding in findings if finding.status != "ok"]


@register(TAG, deploy=True)
def check_database(**kwargs: Any) -> list[CheckMessage]:
    """Check that the database responds, prices exist and every currency has a rate."""
    try:
        connection.ensure_connection()
        require_migrations()
        currencies = set(Price.objects.values_list("currency", flat=True))
    except NotMigrated as error:
        return [Error(f"database: {error}", hint="Run `manage.py migrate`", id="caching.E004")]
    except DatabaseError as error:
        hint = "Check DATABASE_URL (host, port, user, password, name), and that the database is running"
        return [Error(f"database: {why_no_connection() or error}", hint=hint, id="caching.E004")]
    if not currencies:
        return [Warning("prices: none found, so every cost is unknown", id="caching.W003")]
    missing = ", ".join(sorted(currencies - settings.CURRENCY_RATES.keys()))
    hint = "Add them to CURRENCY_RATES; otherwise their amounts are missing from all totals"
    return [Warning(f"prices: no exchange rate for {missing}", hint=hint, id="caching.W004")] if missing else []


@register(TAG, deploy=True)
def check_database_connections(**kwargs: Any) -> list[CheckMessage]:
    """Compare the connections that this machine's workers may open with what PostgreSQL allows."""
    pool: dict[str, Any] = settings.DATABASES["default"].get("OPTIONS", {}).get("pool") or {}
    if connection.vendor != "postgresql":
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int"
            )
            allowed, reserved = cursor.fetchone()
    except DatabaseError:
        # `check_database` reports it.
        return []
    needed, left = settings.WORKERS * pool.get("max_size", settings.THREADS), allowed - reserved
    if needed <= left:
        return []
    message = f"database: {settings.WORKERS} workers may open {needed} connections; max_connections allows {left}"
    hint = "Raise max_connections of PostgreSQL (for all machines together), or lower DATABASE_POOL_SIZE or WORKERS"
    return [Warning(message, hint=hint, id="caching.W006")]


@register(TAG, deploy=True)
def check_neighbours(**kwargs: Any) -> list[CheckMessage]:
    """Report other installations that use the same Redis under the same prefix."""
    try:
        found = installation.neighbours()
    except DatabaseError:
        # `check_database` reports it.
        return []
    hint = "Give each installation a CACHE_KEY_PREFIX of its own. Machines of one need the same SECRET_KEY and database"
    return [
        Warning(
            f"Redis: another installation uses it too: host {one.host}, database {one.database}, seen "
            f"{one.seconds_ago / 60:.0f} minutes ago",
            hint=hint,
            id="caching.W005",
        )
        for one in found
    ]


def _message(finding: Finding) -> CheckMessage:
    text = f"Redis, {finding.step}: {finding.message}"
    if finding.status == "error":
        return Error(text, hint=finding.remedy, id="caching.E003")
    return Warning(text, hint=finding.remedy, id="caching.W002")
