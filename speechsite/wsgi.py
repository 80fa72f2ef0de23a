from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speechsite.settings")

application = get_wsgi_application()

from caching import store  # noqa: E402  (needs Django to be set up)

store.connect()
