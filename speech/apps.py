from __future__ import annotations

from django.apps import AppConfig


class SpeechConfig(AppConfig):
    name = "speech"
    verbose_name = "Speech gateway"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from speech import checks  # noqa: F401 (registers them)
