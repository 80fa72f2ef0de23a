"""Real databases, apart from the one that pytest-django makes: for tests that need several processes, or `kill -9`."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import ConnectionHandler

from speechsite.conf.database import entry
from speechsite.server.private_redis import free_port

SHARED = "SUITE_DIRECTORY"
"""The variable that names the folder of all processes of a suite, if there are several."""
MIGRATE = "from django.core.management import call_command; call_command('migrate', verbosity=0)"


class PostgresServer:
    """A PostgreSQL of its own, without passwords, on a free loopback port. It refuses to run as root."""

    def __init__(self, bin_dir: Path) -> None:
        self._directory = tempfile.TemporaryDirectory()
        self._bin_dir = bin_dir
        self._copies = 0
        if os.getuid() == 0:
            shutil.chown(self._directory.name, "postgres")
        self._data = f"{self._directory.name}/data"
        self.port = free_port()
        self._run("initdb", "-A", "trust", "-U", "postgres", "--no-sync")
        self.start()

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def new_url(self, template: str) -> str:
        """Return the URL of a new database, a copy of `template`, which nobody may be connected to."""
        self._copies += 1
        name = f"copy_{self._copies}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url.removesuffix("postgres") + name

    def start(self) -> None:
        # A thread that waits for the rows of a test's transaction waits for ever, and the test for the thread.
        limits = "-c fsync=off -c lock_timeout=30s"
        options = f"-p {self.port} -k {self._directory.name} -c listen_addresses=127.0.0.1 {limits}"
        self._run("pg_ctl", "-w", "-l", f"{self._directory.name}/log", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def pause(self) -> None:
        """Stop all of its processes, so that connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        postmaster = Path(self._data, "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in [postmaster, *children]:
            os.kill(int(pid), number)

    def close(self) -> None:
        self.stop()
        self._directory.cleanup()

    def _run(self, program: str, *arguments: str) -> None:
        as_postgres = ["setpriv", "--reuid", "postgres", "--clear-groups"] if os.getuid() == 0 else []
        subprocess.run(
            [*as_postgres, str(self._bin_dir / program), "-D", self._data, *arguments],
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def find_postgres() -> Path | None:
    """Where `initdb` and `pg_ctl` are: on the PATH, or where Debian puts them."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    bin_dir = find_postgres()
    if bin_dir is None:
        pytest.skip("there is no PostgreSQL on this machine")
    server = PostgresServer(bin_dir)
    yield server
    server.close()


@cache
def _own_directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@cache
def migrated_sqlite() -> Path:
    """Return a SQLite file with all tables, to be copied. The processes of a suite have one, which the first makes."""
    directory = Path(os.environ.get(SHARED) or _own_directory().name)
    migrated = directory / "db.sqlite3"
    with (directory / "migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not migrated.exists():
            unfinished = directory / "unfinished.sqlite3"
            run_python(MIGRATE, f"sqlite:///{unfinished}")
            unfinished.rename(migrated)
    return migrated


def new_sqlite(directory: Path) -> Path:
    """Put a SQLite file into `directory` that has all tables and is empty but for the packaged prices."""
    return Path(shutil.copy(migrated_sqlite(), directory))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file with all tables, and empty but for the packaged prices."""
    return f"sqlite:///{new_sqlite(tmp_path)}"


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """The name of a database with all tables."""
    url = postgres.new_url("template1")
    run_python(MIGRATE, url)
    return url.rpartition("/")[2]


@pytest.fixture
def postgres_url(postgres: PostgresServer, migrated_postgres: str) -> str:
    """A PostgreSQL database with all tables, and empty but for the packaged prices."""
    return postgres.new_url(migrated_postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """One after the other: every test that asks for it runs on both."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


def query(database_url: str, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a database that other processes write to."""
    if database_url.startswith("sqlite:///"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file:
            return file.execute(sql).fetchall()
    with psycopg.connect(database_url) as connection:
        return connection.execute(sql.encode()).fetchall()


@contextmanager
def on_database(database_url: str) -> Iterator[None]:
    """Use another database in this thread."""
    # Needs Django set up, which the drills are not when they import this.
    from django.contrib.contenttypes.models import ContentType

    other: Any = ConnectionHandler({DEFAULT_DB_ALIAS: entry("DATABASE_URL", database_url, 0)})[DEFAULT_DB_ALIAS]

    def connect() -> None:
        if other.connection is None:
            with other.wrap_database_errors:
                other.connect()

    # pytest-django keeps tests from the suite's database, which this is not.
    other.ensure_connection = connect
    usual = connections[DEFAULT_DB_ALIAS]
    # Their numbers may be others there.
    ContentType.objects.clear_cache()
    connections[DEFAULT_DB_ALIAS] = other
    try:
        yield
    finally:
        other.close()
        connections[DEFAULT_DB_ALIAS] = usual
        ContentType.objects.clear_cache()


def start_python(code: str, database_url: str, **environment: str) -> subprocess.Popen[str]:
    """Run `code` in a new process, with Django set up on that database."""
    return subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "speechsite.settings",
            "DATABASE_URL": database_url,
            **environment,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_python(code: str, database_url: str, **environment: str) -> str:
    """What the process printed. Fails the test if it ended with an error."""
    process = start_python(code, database_url, **environment)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output
