from __future__ import annotations

import importlib.util
import re

from django.core.exceptions import ImproperlyConfigured


def demand(endpoint: str) -> None:
    """Raise ImproperlyConfigured if traces cannot be sent to `endpoint`."""
    if not re.fullmatch(r"https?://[^/\s]+\S*", endpoint):
        raise ImproperlyConfigured("OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://collector:4318")
    if importlib.util.find_spec("opentelemetry") is None or not importlib.util.find_spec("opentelemetry.exporter"):
        raise ImproperlyConfigured("OTEL_EXPORTER_OTLP_ENDPOINT needs the packages of requirements-otel.txt")
