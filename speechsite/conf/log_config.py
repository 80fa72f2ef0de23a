"""Log lines go to the console: as text, or as JSON objects for a log collector."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from logging import WARNING, Filter, Formatter, LogRecord, getLevelNamesMapping
from typing import Any

from caching import tracing

FORMATS = ("text", "json")


class JsonFormatter(Formatter):
    """One object a line: `timestamp` (RFC 3339), `level`, `logger`, `message`, and where they apply `exception`,
    `trace_id` and `span_id` (W3C Trace Context)."""

    def format(self, record: LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # Escapes what UTF-8 cannot encode: a client may send half of a pair of surrogates.
        return json.dumps({**line, **tracing.ids()})


class AsWarning(Filter):
    """Make a warning of one line of an error with a traceback, and drop it if LOG_LEVEL is above warnings."""

    def __init__(self, level: str) -> None:
        super().__init__()
        self._is_logged = getLevelNamesMapping()[level] <= WARNING

    def filter(self, record: LogRecord) -> bool:
        record.levelno, record.levelname, record.exc_info = WARNING, "WARNING", None
        return self._is_logged


def logging(level: str, form: str) -> dict[str, Any]:
    """Return Django's LOGGING."""
    console = {"handlers": ["console"], "level": level}
    errors = {"handlers": ["console"], "level": "ERROR", "propagate": False}
    loggers: dict[str, Any] = {
        # Django's default is to mail errors; they belong with the other lines.
        "django.request": errors,
        "django.security": errors,
        # Visitors send wrong Hosts: a traceback would tell nothing about the gateway.
        "django.security.DisallowedHost": {"handlers": ["visitors"], "propagate": False},
        "caching": console,
        "speech": console,
        # A line for each attempt to connect; `caching.database` tells the reason once.
        "psycopg.pool": {"level": "ERROR"},
        # A line for each attempt to send; that none succeeded is an error.
        "opentelemetry": {"level": "ERROR"},
    }
    formatter: dict[str, Any] = {"format": "%(levelname)s: %(message)s"}
    if form == "json":
        formatter = {"()": JsonFormatter}
        # Lines of libraries too: a collector parses each line.
        ours = {"propagate": False, **console}
        others = {"handlers": ["console"], "level": "WARNING", "propagate": False}
        loggers |= {"": others, "caching": ours, "speech": ours, "speechsite": ours, "django": others}
        loggers["_granian"] = others | {"level": "ERROR"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"console": formatter},
        "filters": {"as_warning": {"()": AsWarning, "level": level}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "console"},
            "visitors": {"class": "logging.StreamHandler", "formatter": "console", "filters": ["as_warning"]},
        },
        "loggers": loggers,
    }
