from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured

from speechsite.conf.database import entry
from speechsite.server.private_redis import free_port
from speechsite.tests.support.databases import run_python

POOL = 3

MEASURE = """
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from django.db import close_old_connections, connection
import psycopg, sys

done, most = Event(), [0]

def watch():
    with psycopg.connect(sys.argv[1], autocommit=True) as own:
        while not done.wait(0.01):
            count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gateway'"
            most[0] = max(most[0], own.execute(count).fetchone()[0])

def ask(number):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.05)")
    close_old_connections()
    return number

watcher = Thread(target=watch)
watcher.start()
with ThreadPoolExecutor(24) as threads:
    answered = len(list(threads.map(ask, range(48))))
done.set()
watcher.join()
print(answered, most[0])
"""


@pytest.mark.parametrize("url", ["postgres:/gateway@x", "postgres://u:secret@host", "postgres:", "sqlite:db.sqlite3"])
def test_a_url_without_its_parts_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must look like postgres://user:password@host") as told:
        entry("DATABASE_URL", url, 8)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "url", ["sqlite://:memory:", "sqlite://", "sqlite:///x", "postgres://%2Frun/x", "postgres:///?service=x"]
)
def test_a_url_may_leave_out_what_has_a_default(url: str) -> None:
    assert entry("DATABASE_URL", url, 8)["ENGINE"]


@pytest.mark.parametrize(
    ("hosts", "host", "port"),
    [
        ("a:5432,b:5433", "a,b", "5432,5433"),
        ("a,b:5433,[fd00::1]", "a,b,fd00::1", "5432,5433,5432"),
        ("u:p@ss,w@a,b", "a,b", "5432,5432"),
        ("[::1]:1,[::2]:2", "::1,::2", "1,2"),
    ],
)
def test_a_url_may_have_several_hosts(hosts: str, host: str, port: str) -> None:
    found = entry("DATABASE_URL", f"postgres://{hosts}/name?target_session_attrs=read-write", 8)
    assert (found["HOST"], found["PORT"], found["NAME"]) == (host, port, "name")
    assert found["OPTIONS"]["target_session_attrs"] == "read-write"


@pytest.mark.parametrize("hosts", ["a:x,b", "a,,b", "a,", "a:1:2,b", "[::1,b"])
def test_hosts_that_are_none_are_refused(hosts: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must look like"):
        entry("DATABASE_URL", f"postgres://u:secret@{hosts}/name", 8)


def test_the_host_that_answers_is_used(postgres_url: str) -> None:
    parts = urlsplit(postgres_url)
    where = parts.netloc.rpartition("@")[2]
    url = parts._replace(netloc=parts.netloc.replace(where, f"127.0.0.1:{free_port()},{where}")).geturl()
    code = "from django.db import connection as c; c.ensure_connection(); print(c.connection.info.port)"
    assert int(run_python(code, url)) == parts.port


@pytest.mark.parametrize("option", ["pgbouncer=true", "schema=public", "connection_limit=1", "sslmod=require"])
def test_an_option_that_postgresql_does_not_know_is_named(option: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"the option '{option.partition('=')[0]}'") as told:
        entry("DATABASE_URL", f"postgres://u:secret@h/name?sslmode=require&{option}", 8)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "options",
    [
        "sslmode=require&channel_binding=require",
        "options=-c%20search_path%3Dgateway",
        "options=endpoint%3Done",
        "currentSchema=gateway",
        "host=/cloudsql/project:region:instance",
        "application_name=gateway&connect_timeout=9",
        "pool=true&assume_role=gateway",
        "keepalives_idle=5",
    ],
)
def test_options_of_postgresql_pass(options: str) -> None:
    assert entry("DATABASE_URL", f"postgres://u:p@h/name?{options}", 8)["OPTIONS"]


def test_no_cursor_is_left_to_a_session_that_pgbouncer_may_give_away(postgres_url: str) -> None:
    code = """
from django.contrib.contenttypes.models import ContentType
from django.db import connection
walked = ContentType.objects.iterator(chunk_size=1)
next(walked, None)
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '_django%%'")
    print(cursor.fetchone()[0])
"""
    assert run_python(code, postgres_url).strip() == "0"


def test_many_threads_share_the_connections_of_the_pool(postgres_url: str) -> None:
    named = f"{postgres_url}?application_name=gateway"
    code = MEASURE.replace("sys.argv[1]", repr(postgres_url))
    answered, most = map(int, run_python(code, named, DATABASE_POOL_SIZE=str(POOL)).split())
    assert (answered, most) == (48, POOL)
