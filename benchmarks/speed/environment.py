"""The environment of a run: call `prepare` before anything reads Django's settings or loads numpy."""

from __future__ import annotations

import os
import signal
import sys
import tempfile

_var = tempfile.TemporaryDirectory()


def prepare() -> None:
    """Use none of the user's keys, database or Redis, and end with SIGTERM as with an exception."""
    os.environ.update(DJANGO_SETTINGS_MODULE="speechsite.settings", ENV_FILE=os.devnull, VAR_DIR=_var.name)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # As in the server.
    for name in ("REDIS_URL", "DATABASE_URL", "CACHE_KEY_PREFIX", "LLM_PROVIDER", "TTS_PROVIDER", "THREADS"):
        os.environ.pop(name, None)
    # A run that is ended ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
