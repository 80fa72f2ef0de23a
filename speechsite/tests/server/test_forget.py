"""`manage.py forget` beside a running server: nothing is left in SQLite's file and its write-ahead log."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from speechsite.tests.support.server import Server

SECRET = "Zanzibar"


def copies(directory: Path) -> int:
    return sum(path.read_bytes().count(SECRET.encode()) for path in directory.glob("db.sqlite3*"))


def test_no_word_of_a_forgotten_client_stays_in_the_files_of_the_database(tmp_path: Path) -> None:
    server = Server(tmp_path, {"LOG_LEVEL": "WARNING"}, workers=1)
    try:
        key = server.new_client("alice")
        headers = {"Authorization": f"Bearer {key}"}
        for number in range(40):
            body = {"query": f"Where is {SECRET} number {number}?"}
            assert server.request("POST", "/api/chat/", json=body, headers=headers).status == 200
            server.chat(f"Another question, number {number}")
        with sqlite3.connect(tmp_path / "db.sqlite3") as database:
            database.execute("UPDATE caching_call SET question = question")
        assert copies(tmp_path)
        done = subprocess.run(
            [sys.executable, "manage.py", "forget", "--client", "alice", "--yes"],
            cwd=settings.BASE_DIR,
            env=server.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert copies(tmp_path) == 0
    finally:
        server.stop()
