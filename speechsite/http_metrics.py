"""`/metrics`, and django-prometheus' middleware, with what a visitor may send kept out of its labels."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django_prometheus.middleware import PrometheusAfterMiddleware
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from caching import metrics


class PrometheusAfter(PrometheusAfterMiddleware):
    def label_metric(self, metric: Any, request: HttpRequest, response: Any = None, **labels: str) -> Any:
        if "method" in labels:
            # Anything may be sent as a method, and each would be a series for ever.
            labels["method"] = self._method(request)
        return super().label_metric(metric, request, response, **labels)


def export(request: HttpRequest) -> HttpResponse:
    return HttpResponse(generate_latest(metrics.registry()), content_type=CONTENT_TYPE_LATEST)
