from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3
from django.conf import settings

from speechsite.server.private_redis import free_port
from speechsite.tests.support.databases import new_sqlite
from speechsite.tests.support.server import STOP_SECONDS
from speechsite.tests.support.waiting import wait_until


def test_a_log_on_a_full_disk_ends_no_server(tmp_path: Path) -> None:
    new_sqlite(tmp_path)
    port = free_port()
    own = {"VAR_DIR": str(tmp_path), "PORT": str(port), "WORKERS": "1", "REDIS_URL": "redis://127.0.0.1:1/0"}
    command = [sys.executable, "manage.py", "serve", "--embedded"]
    with Path("/dev/full").open("wb") as full:
        server = subprocess.Popen(command, cwd=settings.BASE_DIR, env={**os.environ, **own}, stdout=full, stderr=full)
    try:
        wait_until(lambda: server.poll() is not None or _is_up(port))
        # What it says once it is up is lost too.
        with pytest.raises(subprocess.TimeoutExpired):
            server.wait(1)
    finally:
        server.terminate()
        server.wait(STOP_SECONDS)


def _is_up(port: int) -> bool:
    with contextlib.suppress(urllib3.exceptions.HTTPError):
        return urllib3.request("GET", f"http://127.0.0.1:{port}/healthz", retries=False, timeout=5).status == 200
    return False
