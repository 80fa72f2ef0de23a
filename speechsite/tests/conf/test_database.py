from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from speechsite.conf.database import entry
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


def test_many_threads_share_the_connections_of_the_pool(postgres_url: str) -> None:
    named = f"{postgres_url}?application_name=gateway"
    code = MEASURE.replace("sys.argv[1]", repr(postgres_url))
    answered, most = map(int, run_python(code, named, DATABASE_POOL_SIZE=str(POOL)).split())
    assert (answered, most) == (48, POOL)
