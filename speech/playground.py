"""A page on which staff try the gateway, through the very views that clients call."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.request import Request

from caching.dashboard import first_steps, permissions
from caching.models.client_names import PLAYGROUND
from caching.policy import LEVELS
from speech import providers
from speech.api.authentication import SENDER
from speech.api.openai.transcriptions import TranscriptionsView
from speech.api.views import ChatView, SpeechView
from speech.models import Client

CLIENT = PLAYGROUND
CODEC = "wav"
PERMISSION = "speech.use_playground"
# Filled in by `playground.js`.
FACTS = [
    ("cache", "Cache"),
    ("similarity", "Similarity"),
    ("age", "Entry age"),
    ("time", "Time"),
    ("cost", "Cost"),
    ("saved", "Saved"),
]


class StaffAuthentication(SessionAuthentication):
    """Staff who are logged in to the admin ask as one client of its own; it has no key that anybody knows."""

    def authenticate(self, request: HttpRequest | Request) -> tuple[Client, None]:
        # Views of DRF authenticate its request, whose user is the result; the others Django's own.
        request = request._request if isinstance(request, Request) else request
        if not request.user.is_authenticated:
            raise NotAuthenticated
        if not getattr(request.user, "is_staff", False):
            raise PermissionDenied("The playground is for staff.")
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied(f"The playground needs the permission {PERMISSION}.")
        self.enforce_csrf(request)  # type: ignore[arg-type]
        client = Client.objects.get_or_create(name=CLIENT)[0]
        if not client.is_active:
            raise PermissionDenied(f"The client {CLIENT} is not active.")
        request.META[SENDER] = str(client.pk)
        return client, None


class PlaygroundChatView(ChatView):
    authenticator = StaffAuthentication()
    schema = None


class PlaygroundSpeechView(SpeechView):
    authenticator = StaffAuthentication()
    schema = None


class PlaygroundTranscriptionView(TranscriptionsView):
    authentication_classes = (StaffAuthentication,)
    schema = None


@require_GET
@permissions.required(PERMISSION)
def page(request: HttpRequest) -> HttpResponse:
    talkers, speakers = providers.that_do("chat"), providers.that_do("speech")
    context = {
        **admin.site.each_context(request),
        "title": "Playground",
        "levels": LEVELS,
        "level": settings.OPTIMIZATION_LEVEL,
        "chat_providers": [providers.get(name) for name in talkers],
        "chat_provider": settings.LLM_PROVIDER,
        "speech_providers": [providers.get(name) for name in speakers],
        "speech_provider": settings.TTS_PROVIDER,
        "voices": {name: [[voice.id, voice.name] for voice in providers.get(name).voices()] for name in speakers},
        "codec": CODEC,
        "hears": not providers.get(settings.STT_PROVIDER).missing_settings,
        "facts": FACTS,
        "languages": first_steps.TABS,
    }
    return render(request, "speech/playground.html", context)
