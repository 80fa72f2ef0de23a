"""Log lines go to the console."""

from __future__ import annotations

from typing import Any


def logging(level: str) -> dict[str, Any]:
    """Return Django's LOGGING."""
    console = {"handlers": ["console"], "level": level}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(levelname)s: %(message)s"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "loggers": {
            # Django's default is to mail errors; they belong with the other lines.
            "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
            "caching": console,
            "speech": console,
        },
    }
