from __future__ import annotations

from django.apps import AppConfig


class SpeechsiteConfig(AppConfig):
    name = "speechsite"
    verbose_name = "Site"
