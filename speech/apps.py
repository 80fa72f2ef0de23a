from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class SpeechConfig(AppConfig):
    name = "speech"
    verbose_name = "Speech gateway"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("speech.checks")
        # The cache knows no providers, so it is told whom to ask.
        import_module("caching.feedback.judge_worker").worker.ask_model = import_module("speech.llm_judge").ask_model
