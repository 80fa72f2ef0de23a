from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.http.response import HttpResponseBase
from django.urls import path

from caching.dashboard import first_steps, permissions, request_views, review_views, views
from caching.dashboard.page import FIGURES, TEXTS

_staff = admin.site.admin_view


def _figures(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    return _staff(permissions.required(FIGURES)(view))


def _texts(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    return _staff(permissions.required(TEXTS)(view))


urlpatterns = [
    path("first-request/", _staff(first_steps.first_request), name="first-request"),
    path("sample-data/", _staff(first_steps.sample_data), name="sample-data"),
    path("figures/<slug:slug>.csv", _figures(views.chart_csv), name="chart-csv"),
    path("semantic-hits/<int:pk>/verdict/", _staff(review_views.judge), name="judge"),
    path("semantic-hits/<int:pk>/undo/", _staff(review_views.undo_verdict), name="undo-verdict"),
    path("reviews/", _texts(review_views.reviews), name="reviews"),
    path("requests/", _figures(request_views.requests), name="requests"),
    path("requests/feed/", _figures(request_views.feed), name="requests-feed"),
    path("requests/<str:id>/", _figures(request_views.request_detail), name="request"),
    path("keys/", _texts(views.key_list), name="keys"),
    path("keys/entry/", _texts(views.key_detail), name="key"),
    path("keys/audio/", _texts(views.key_audio), name="key-audio"),
    path("keys/pin/", _staff(views.pin_key), name="pin-key"),
    path("keys/remove/", _staff(views.remove), name="remove-keys"),
    path("keys/remove-matching/", _staff(views.remove_matching), name="remove-matching-keys"),
]
