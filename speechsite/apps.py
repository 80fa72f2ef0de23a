from __future__ import annotations

from functools import cache
from importlib import import_module

from django.apps import AppConfig
from django_prometheus.db import common


class SpeechsiteConfig(AppConfig):
    name = "speechsite"
    verbose_name = "Site"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("speechsite.checks")
        # django-prometheus (2.5) makes a class for each cursor: 50 µs, and work for the garbage collector. One for each
        # kind of connection is enough; test_cursors_share_a_class notices an upgrade.
        common.ExportingCursorWrapper = cache(common.ExportingCursorWrapper)
