from __future__ import annotations

from django.contrib import admin
from django.urls import path

from speech import playground

urlpatterns = [
    path("", admin.site.admin_view(playground.page), name="playground"),
    path("chat/", playground.PlaygroundChatView.as_view(), name="playground-chat"),
    path("transcription/", playground.PlaygroundTranscriptionView.as_view(), name="playground-transcription"),
    path("speech/", playground.PlaygroundSpeechView.as_view(), name="playground-speech"),
]
