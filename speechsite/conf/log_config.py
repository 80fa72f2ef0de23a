"""Where log lines go: to the console, where whoever runs the server looks."""

from __future__ import annotations

from typing import Any


def logging(level: str) -> dict[str, Any]:
    """Django's LOGGING."""
    console = {"handlers": ["console"], "level": level}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(levelname)s: %(message)s"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "loggers": {
            # Django's default is to mail them; a failing page must be seen where everything else is.
            "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
            "caching": console,
            "speech": console,
        },
    }
