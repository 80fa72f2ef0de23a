from __future__ import annotations

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speechsite.settings")
# Searches are small and concurrent: more threads for each would only wait for a core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

application = get_wsgi_application()

from django.core.signals import request_finished, request_started  # noqa: E402  (these need Django to be set up)
from django.db import close_old_connections, reset_queries  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from caching.installation import start_announcing  # noqa: E402
from caching.llm import semantic_lookup  # noqa: E402
from caching.maintenance import text_caches  # noqa: E402
from caching.redis import store  # noqa: E402
from caching.rules import engine as rules  # noqa: E402
from speech.api.authentication import key_learner  # noqa: E402
from speechsite import alerts  # noqa: E402

# Django checks its connections before and after each request, which takes longer than the rest of its own work; before
# is enough. Queries are only kept for DEBUG.
request_finished.disconnect(close_old_connections)
if not settings.DEBUG:
    request_started.disconnect(reset_queries)
store.connect()
# Or every thread of a busy start does the same loading at once.
rules.prepare()
semantic_lookup.prepare()
start_announcing()
key_learner.start()
text_caches.worker.start()
alerts.start()
if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
    import_module("speechsite.tracing").start()
# Import every view and provider now, or the first request waits a quarter of a second for it.
get_resolver().url_patterns  # noqa: B018
