"""Django's DATABASES entry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from speechsite.conf.credentials import encoded

# WAL lets readers go on while one worker writes; IMMEDIATE takes the write lock before reading, so that two workers
# wait for each other where they would otherwise fail with "database is locked". Deleted rows are overwritten with
# zeros.
_SQLITE = {
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    "transaction_mode": "IMMEDIATE",
    "timeout": 10,
}
# Seconds and milliseconds after which libpq gives up a host that does not answer.
_POSTGRESQL = {"connect_timeout": 2, "keepalives_idle": 10, "keepalives_interval": 3, "tcp_user_timeout": 10_000}
_POOL_PATIENCE = 2.0
# Longer-lived connections would stay with a server that has become a standby, which is not written to.
_LONGEST_SECONDS = 60
_ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")


# Of a URL with several hosts, of which libpq takes the first that answers.
_HOSTS = re.compile(r"(?P<before>[a-z]+://(?:[^@/?#]*@)?)(?P<hosts>[^@/?#]*,[^@/?#]*)(?P<rest>[/?#].*|)", re.DOTALL)
_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::(?P<port>\d+))?")
# What Django takes itself, and psycopg beside libpq's.
_NOT_OF_LIBPQ = {"pool", "assume_role", "isolation_level", "server_side_binding", "prepare_threshold"}


def entry(name: str, url: str, pool_size: int) -> dict[str, Any]:
    """Return the entry for `url`, the value of the variable `name`; options in the URL win over ours.

    PostgreSQL gets a pool of at most `pool_size` connections in each worker, shared by its threads; with 0 each thread
    keeps a connection of its own.
    """
    # The message does not repeat the value: it may hold a password.
    wrong = ImproperlyConfigured(f"{name} must look like postgres://user:password@host:5432/name")
    try:
        plain, hosts = _without_hosts(encoded(url))
        found: dict[str, Any] = {**dj_database_url.parse(plain, conn_health_checks=True), **hosts}
    except ValueError as error:
        raise wrong from error
    options: dict[str, Any] = found.get("OPTIONS", {})
    # `postgres:/name@host` is a URL too, with all of it in its path.
    if found["ENGINE"] not in _ENGINES or "://" not in url or not (found["NAME"] or "service" in options):
        raise wrong
    if found["ENGINE"] == "django.db.backends.sqlite3":
        # One connection of each thread, which costs more to open than to keep. pytest-django keeps the test database in
        # memory for Django's own engine only, unless it is told to.
        found |= {"CONN_MAX_AGE": _LONGEST_SECONDS, "OPTIONS": {**_SQLITE, **options}, "TEST": {"NAME": ":memory:"}}
    elif found["ENGINE"] == "django.db.backends.postgresql":
        if unknown := _unknown(options):
            raise ImproperlyConfigured(
                f"{name} has the option {unknown!r}, which PostgreSQL does not know: other programs' options do not "
                "belong there; an example is ?sslmode=require"
            )
        sizes = {"min_size": 0, "max_size": pool_size, "timeout": _POOL_PATIENCE, "max_lifetime": _LONGEST_SECONDS}
        pool = {"pool": sizes} if pool_size else {}
        found |= {"CONN_MAX_AGE": 0 if pool_size else _LONGEST_SECONDS, "OPTIONS": {**_POSTGRESQL, **pool, **options}}
        # A pgbouncer that shares connections by transaction would look for them in another session.
        found["DISABLE_SERVER_SIDE_CURSORS"] = True
    # The same with metrics: django_db_query_duration_seconds, django_db_errors_total …
    kind = found["ENGINE"].rpartition(".")[2]
    return found | {"ENGINE": f"django_prometheus.db.backends.{kind}"}


def _without_hosts(url: str) -> tuple[str, dict[str, str]]:
    """Return `url` with the first of its hosts alone, and HOST and PORT if there are several. Raise ValueError."""
    match = _HOSTS.fullmatch(url)
    if not match:
        return url, {}
    found = [_HOST.fullmatch(host) for host in match["hosts"].split(",")]
    if None in found:
        raise ValueError("a host or a port is none")
    hosts = [(host["host"].strip("[]"), host["port"] or "5432") for host in found if host]
    first = match["hosts"].partition(",")[0]
    names, ports = (",".join(parts) for parts in zip(*hosts, strict=True))
    return f"{match['before']}{first}{match['rest']}", {"HOST": names, "PORT": ports}


def _unknown(options: Iterable[str]) -> str | None:
    """Return the first of `options` that neither Django nor psycopg nor libpq takes."""
    # Only installations with PostgreSQL need it.
    from psycopg.pq import Conninfo

    known = _NOT_OF_LIBPQ | {option.keyword.decode() for option in Conninfo.get_defaults()}
    return next((option for option in options if option not in known), None)
