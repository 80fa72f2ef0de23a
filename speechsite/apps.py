from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class SpeechsiteConfig(AppConfig):
    name = "speechsite"
    verbose_name = "Site"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("speechsite.checks")
