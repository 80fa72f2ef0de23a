from __future__ import annotations

from django.urls import path, re_path
from django.urls.converters import UUIDConverter

from speech.api import health, views
from speech.api.openai import embeddings as openai_embeddings
from speech.api.openai import transcriptions as openai_transcriptions
from speech.api.openai import views as openai_views
from speech.api.openai.responses import views as responses_views

urlpatterns = [
    re_path(r"^api/chat/?$", views.ChatView.as_view(), name="chat"),
    re_path(r"^api/tts/?$", views.SpeechView.as_view(), name="tts"),
    re_path(r"^api/converse/?$", views.ConverseView.as_view(), name="converse"),
    re_path(r"^api/feedback/?$", views.FeedbackView.as_view(), name="feedback"),
    re_path(rf"^api/receipts/(?P<id>{UUIDConverter.regex})/?$", views.ReceiptView.as_view(), name="receipt"),
    re_path(r"^v1/chat/completions/?$", openai_views.ChatCompletionsView.as_view(), name="v1-chat-completions"),
    re_path(r"^v1/responses/?$", responses_views.ResponsesView.as_view(), name="v1-responses"),
    # `compact` and `input_tokens` are operations of OpenAI's that are not served, no ids.
    re_path(
        r"^v1/responses/(?P<id>(?!compact\b|input_tokens\b)[^/]+)/?$",
        responses_views.StoredResponseView.as_view(),
        name="v1-response",
    ),
    re_path(
        r"^v1/responses/(?P<id>[^/]+)/input_items/?$", responses_views.InputItemsView.as_view(), name="v1-input-items"
    ),
    re_path(r"^v1/audio/speech/?$", openai_views.AudioSpeechView.as_view(), name="v1-audio-speech"),
    re_path(
        r"^v1/audio/transcriptions/?$", openai_transcriptions.TranscriptionsView.as_view(), name="v1-transcriptions"
    ),
    re_path(r"^v1/audio/translations/?$", openai_transcriptions.TranslationsView.as_view(), name="v1-translations"),
    re_path(r"^v1/embeddings/?$", openai_embeddings.EmbeddingsView.as_view(), name="v1-embeddings"),
    re_path(r"^v1/audio/voices/?$", openai_views.VoicesView.as_view(), name="v1-audio-voices"),
    re_path(r"^v1/audio/models/?$", openai_views.AudioModelsView.as_view(), name="v1-audio-models"),
    re_path(r"^v1/models/?$", openai_views.ModelsView.as_view(), name="v1-models"),
    re_path(r"^v1/models/(?P<name>.+?)/?$", openai_views.ModelView.as_view(), name="v1-model"),
    re_path(r"^v1/?$", openai_views.RootView.as_view(), name="v1"),
    path("healthz", health.healthz, name="healthz"),
    # Kokoro-FastAPI's address, for clients that wait for it.
    path("health", health.healthz, name="health"),
    path("readyz", health.readyz, name="readyz"),
]
