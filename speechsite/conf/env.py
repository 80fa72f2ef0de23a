"""Values of variables that take more than a line to read. Pure functions; settings.py hands them the text."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured


def database(name: str, url: str) -> dict[str, Any]:
    """Django's DATABASES entry for `url`."""
    try:
        return dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    except ValueError as error:
        # The message does not repeat the value: it may hold a password.
        raise ImproperlyConfigured(f"{name} must look like postgres://user:password@host:5432/name") from error


def rates(name: str, text: str) -> dict[str, Decimal]:
    """`INR=83,EUR=0.92`: how much of each currency one US dollar buys."""
    try:
        pairs = [pair.split("=") for pair in text.split(",") if pair.strip()]
        found = {code.strip(): Decimal(rate.strip()) for code, rate in pairs}
    except (ValueError, InvalidOperation) as error:
        raise ImproperlyConfigured(f"{name} must look like INR=83,EUR=0.92, not {text!r}") from error
    if not all(rate.is_finite() and rate > 0 for rate in found.values()):
        raise ImproperlyConfigured(f"{name} must hold positive rates only, not {text!r}")
    return {"USD": Decimal(1), **found}


def share(name: str, text: str) -> float:
    """`0.02`: a number from 0 to 1."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise ImproperlyConfigured(f"{name} must be a number from 0 to 1, not {text!r}")
    return found
