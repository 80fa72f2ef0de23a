"""What `manage.py check --deploy` and `cache_doctor` say about the cache and its books."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import Error as DatabaseError
from django.db import connection

from caching.doctor import Finding, examine_redis
from caching.models import Price

TAG = "gateway"
REDIS_TAG = "redis"


@register(REDIS_TAG, deploy=True)
def check_redis(**kwargs: Any) -> list[CheckMessage]:
    return [message(finding) for finding in examine_redis(settings.REDIS_URL) if finding.status != "ok"]


@register(TAG, deploy=True)
def check_books(**kwargs: Any) -> list[CheckMessage]:
    """The database answers, prices are there, and every currency can be shown."""
    try:
        connection.ensure_connection()
        currencies = set(Price.objects.values_list("currency", flat=True))
    except DatabaseError as error:
        hint = "Check DATABASE_URL, that the database runs, and that `manage.py migrate` was run"
        return [Error(f"database: {error}", hint=hint, id="caching.E002")]
    if not currencies:
        return [Warning("prices: there are none, so every cost is unknown", id="caching.W002")]
    missing = ", ".join(sorted(currencies - settings.CURRENCY_RATES.keys()))
    hint = "Add them to CURRENCY_RATES, else they are missing in every sum"
    return [Warning(f"prices: no rate for {missing}", hint=hint, id="caching.W003")] if missing else []


def message(finding: Finding) -> CheckMessage:
    text = f"Redis, {finding.step}: {finding.message}"
    if finding.status == "error":
        return Error(text, hint=finding.remedy, id="caching.E001")
    return Warning(text, hint=finding.remedy, id="caching.W001")
