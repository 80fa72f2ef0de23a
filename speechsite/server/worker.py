"""Entry point of granian's workers: the WSGI application."""

from __future__ import annotations

import gc
import logging
import signal
import sys

# A fork inherits granian's handler, which only sets a flag: a worker stopped while it imports would go on until it is
# killed, 30 s later. Once everything is loaded, granian (2.8.7) sets the handler for workers.
signal.signal(signal.SIGTERM, signal.SIG_DFL)

# Not shown by our formats, so not collected for each line (https://docs.python.org/3/howto/logging.html#optimization).
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

from django.conf import settings  # noqa: E402

# rest_framework imports fields for PostgreSQL, and with them its driver, wherever that is installed: 9 MB of a worker.
without_driver = settings.DATABASES["default"]["ENGINE"].endswith(".sqlite3") and "psycopg" not in sys.modules
if without_driver:
    sys.modules["psycopg"] = None  # type: ignore[assignment]  # what Python takes for a module that is not there

# It also imports requests, which only its tests use: 3 MB.
without_requests = "requests" not in sys.modules
if without_requests:
    sys.modules["requests"] = None  # type: ignore[assignment]
import rest_framework.compat  # noqa: E402, F401

if without_requests:
    del sys.modules["requests"]

from speechsite import wsgi  # noqa: E402
from speechsite.server import handover, one_core  # noqa: E402
from speechsite.server.slow_bodies import limit_slow_bodies  # noqa: E402
from speechsite.server.sockets import cut_off_stalled_readers  # noqa: E402
from speechsite.server.wsgi_wrappers import allow_unknown_length, in_one_piece  # noqa: E402

if without_driver:
    del sys.modules["psycopg"]
cut_off_stalled_readers()
handover.prepare()
application = handover.close_when_replaced(in_one_piece(allow_unknown_length(limit_slow_bodies(wsgi.application))))

if settings.CPU_AFFINITY and settings.SEMANTIC_EMBEDDER not in one_core.EMBEDDERS_WITH_THREADS:
    one_core.start()

# Everything loaded so far stays: each full collection would stop the worker for 80 ms.
gc.collect()
gc.freeze()

__all__ = ["application"]
