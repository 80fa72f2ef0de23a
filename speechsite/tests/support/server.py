"""The real server for tests: `manage.py serve` with its own database, Redis, port and environment."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import subprocess
import sys
import termios
import time
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import urllib3
from django.conf import settings
from django.core.management import call_command
from prometheus_client.parser import text_string_to_metric_families

from speechsite.server.private_redis import free_port
from speechsite.tests.support.databases import new_sqlite, on_database
from speechsite.tests.support.waiting import wait_until

START_SECONDS = 120.0
STOP_SECONDS = 40.0


STAFF = """
INSERT INTO auth_user (username, password, email, first_name, last_name, is_active, is_staff, is_superuser, date_joined)
VALUES ('admin', '!', '', '', '', 1, 1, 1, '2026-01-01 00:00:00')
"""


class Server:
    """A child process. `key` is a valid API key; `log` is everything that it and its workers printed."""

    def __init__(
        self,
        directory: Path,
        environment: dict[str, str],
        *,
        workers: int = 2,
        migrated: bool = True,
        first_user: bool = False,
        terminal: int | None = None,
    ) -> None:
        """`terminal`: its controlling terminal, if any.

        `migrated`: it finds a database with all tables in VAR_DIR, and a staff user. `first_user`: without that user,
        so that it makes one and prints the password, which it takes half a second of the processor to hash.
        """
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.directory = directory
        self._log = directory / "server.log"
        self._pool = urllib3.PoolManager(maxsize=16, retries=False, timeout=60)
        own = {"VAR_DIR": str(directory), "PORT": str(self.port), "WORKERS": str(workers), "DEMO_DELAY_MS": "0"}
        self.environment = {**os.environ, **own, **environment}
        self._var = Path(self.environment["VAR_DIR"])
        if migrated and not (self._var / "db.sqlite3").exists():
            database = new_sqlite(self._var)
            if not first_user:
                _add_staff(database)
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--embedded"],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: terminal is not None and fcntl.ioctl(terminal, termios.TIOCSCTTY, 0),
            )
        self._wait_until_it_introduces_itself()
        self.key = re.findall(r"Bearer (sg_[\w-]+)", self.log)[0]

    @property
    def log(self) -> str:
        return self._log.read_text()

    def request(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return self._pool.request(method, self.url + path, headers=headers, **options)

    def chat(self, query: str, **fields: Any) -> urllib3.BaseHTTPResponse:
        return self.request("POST", "/api/chat/", json={"query": query, **fields})

    def chat_until_matched(self, query: str) -> urllib3.BaseHTTPResponse:
        """Ask until the answer to another wording is found, without a call whose answer would be found exactly then."""
        stored_only = {"Cache-Control": "only-if-cached"}

        def matched() -> urllib3.BaseHTTPResponse | None:
            found = self.request("POST", "/api/chat/", json={"query": query}, headers=stored_only)
            return found if found.headers.get("X-Cache-Match") == "semantic" else None

        return wait_until(matched, pause=0.3)

    def speak(self, text: str, **fields: Any) -> urllib3.BaseHTTPResponse:
        return self.request("POST", "/api/tts/", json={"text": text, **fields})

    def new_client(self, name: str, *options: str) -> str:
        """Return the key of a client made with `create_client`."""
        printed = StringIO()
        with on_database(self.environment.get("DATABASE_URL") or f"sqlite:///{self._var}/db.sqlite3"):
            call_command("create_client", name, *options, stdout=printed)
        return printed.getvalue().split()[-1]

    def manage(self, *words: str) -> str:
        """Run a command of manage.py beside the server, with its environment. Return what it printed."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples called `name` that have `labels`."""
        text = self.request("GET", "/metrics").data.decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(STOP_SECONDS)

    def _wait_until_it_introduces_itself(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while "-o hello.wav" not in self.log:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise OSError(f"the server does not start: {self.log}")
            time.sleep(0.05)


def _add_staff(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(STAFF)
