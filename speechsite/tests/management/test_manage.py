"""`manage.py` beside the other programs of a command line."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

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
from django.core.management import call_command, get_commands, load_command_class
django.setup()
# Those that call providers or compute vectors.
heavy = {"cache_warm", "semantic_eval", "serve"}
for name, app in get_commands().items():
    if app in ("caching", "speech", "speechsite") and name not in heavy:
        load_command_class(app, name)
slow = {"caching.dashboard.page", "numpy", "rest_framework.serializers", "psycopg"}
early = slow & sys.modules.keys()
call_command("check")
never = slow - sys.modules.keys()
sys.exit(f"imported too early: {early}; never: {never}" if early or never else 0)
"""


def test_a_command_starts_without_pages_numbers_and_serializers() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "speechsite.settings"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=settings.BASE_DIR, env=environment, timeout=120, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()


ASKED = {"question": "Für wen? 4,90 €, मुझे, 😀, \ufffd", "half": "a\ud83d"}
SHOW = (
    "import json, manage; manage.write_what_the_console_lacks_as_escapes(); print(json.dumps({}, ensure_ascii=False))"
)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "koi8-r", "utf-8"])
def test_json_is_json_on_every_console(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW.format(repr(ASKED))],
        cwd=settings.BASE_DIR,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout.decode(encoding)) == ASKED


def test_a_full_disk_behind_its_output_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=settings.BASE_DIR,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert (done.returncode, done.stderr) == (1, "Cannot write: [Errno 28] No space left on device\n")


def test_without_an_output_it_does_its_work() -> None:
    words = f"exec {shlex.quote(sys.executable)} manage.py check >&-"
    done = subprocess.run(["sh", "-c", words], cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_ends_it_quietly() -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "manage.py",
            "shell",
            "--no-imports",
            "-c",
            "print('here', flush=True); import time; time.sleep(60)",
        ],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=60)[1]
    assert (process.returncode, told) == (128 + signal.SIGINT, "")
