from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speechsite.settings")

application = get_wsgi_application()

from django.core.cache import close_caches  # noqa: E402  (what follows needs Django to be set up)
from django.core.signals import request_finished  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from caching import metrics, paraphrase, store  # noqa: E402

metrics.forget_dead_workers()
# Connections to Redis stay open between requests, so there is nothing to close after each.
request_finished.disconnect(close_caches)
store.connect()
paraphrase.prepare()
# Imports every view and provider now: the first request would wait a quarter of a second for it.
get_resolver().url_patterns  # noqa: B018
