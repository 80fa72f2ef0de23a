from __future__ import annotations

from django.contrib import admin
from django.urls import path

from caching.dashboard import first_steps, views

_staff = admin.site.admin_view

urlpatterns = [
    path("first-request/", _staff(first_steps.first_request), name="first-request"),
    path("sample-data/", _staff(first_steps.sample_data), name="sample-data"),
    path("figures/<slug:slug>.csv", _staff(views.chart_csv), name="chart-csv"),
    path("semantic-hits/<int:pk>/verdict/", _staff(views.judge), name="judge"),
    path("keys/", _staff(views.key_list), name="keys"),
    path("keys/entry/", _staff(views.key_detail), name="key"),
    path("keys/audio/", _staff(views.key_audio), name="key-audio"),
    path("keys/remove/", _staff(views.remove), name="remove-keys"),
    path("keys/remove-matching/", _staff(views.remove_matching), name="remove-matching-keys"),
]
