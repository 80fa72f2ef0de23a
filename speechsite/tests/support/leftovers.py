"""Removes what a test leaves in the database for the next one of the same process. A pytest plugin."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

import pytest

# Migrations that make groups and give them permissions, in their order.
GROUPS = (
    ("speech.migrations.0010_groups", "make_groups"),
    ("caching.migrations.0015_audit", "allow_administrators"),
    ("speech.migrations.0015_curated_answers", "permit"),
    ("speech.migrations.0016_permission_to_review", "permit"),
)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Put back what migrations had put there, and delete what a thread committed.

    A transactional test ends by emptying every table. A thread's rows are outside the test's transaction.
    """
    marker = item.get_closest_marker("django_db")
    fixtures: set[str] = set(getattr(item, "fixturenames", []))
    if marker is None and fixtures.isdisjoint({"db", "transactional_db"}):
        return
    from django.apps import apps
    from django.contrib.auth.models import Group
    from django.db import Error, connection
    from pytest_django.plugin import blocking_manager_key

    from caching.models import Call, EntryHits, ErrorCount, HourlyUsage, MinuteUsage, Price, SummedDay, SummedUsage

    # A test may have taken the database away.
    with item.config.stash[blocking_manager_key].unblock(), suppress(Error):
        # In SQL: after most tests there is nothing, and Django takes ten times as long to find that out.
        with connection.cursor() as cursor:
            for counted in (Call, EntryHits, ErrorCount, HourlyUsage, MinuteUsage, SummedUsage, SummedDay):
                cursor.execute(f"DELETE FROM {counted._meta.db_table}")  # noqa: S608 (names of our tables)
        transactional = "transactional_db" in fixtures or (marker is not None and marker.kwargs.get("transaction"))
        if transactional and not Price.objects.exists():
            import_module("caching.migrations.0002_seed_prices").add_packaged_prices(apps, None)
        if transactional and not Group.objects.exists():
            for migration, function in GROUPS:
                getattr(import_module(migration), function)(apps, None)
