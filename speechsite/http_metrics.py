"""django-prometheus' middleware, with what a visitor may send kept out of its labels."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django_prometheus.middleware import PrometheusAfterMiddleware


class PrometheusAfter(PrometheusAfterMiddleware):
    def label_metric(self, metric: Any, request: HttpRequest, response: Any = None, **labels: str) -> Any:
        if "method" in labels:
            # Anything may be sent as a method, and each would be a series for ever.
            labels["method"] = self._method(request)
        return super().label_metric(metric, request, response, **labels)
