"""`manage.py` beside the other programs of a command line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.parametrize("words", [["version"], ["help"], ["check"], ["cache_doctor"], ["no_such_command"]])
def test_a_reader_that_has_enough_ends_it_quietly(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=settings.BASE_DIR,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    finally:
        os.close(writing)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
    assert done.returncode != 0


PROGRAM = """
import sys, django
from django.core.management import call_command
django.setup()
before = "caching.dashboard.page" in sys.modules
call_command("check")
sys.exit(before or "caching.dashboard.page" not in sys.modules)
"""


def test_only_the_check_of_the_admin_imports_its_pages() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "speechsite.settings"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=settings.BASE_DIR, env=environment, timeout=120)
    assert done.returncode == 0
