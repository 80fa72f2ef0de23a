from __future__ import annotations

from django.urls import path, re_path

from speech import health, views

urlpatterns = [
    re_path(r"^api/chat/?$", views.ChatView.as_view(), name="chat"),
    re_path(r"^api/tts/?$", views.SpeechView.as_view(), name="tts"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
