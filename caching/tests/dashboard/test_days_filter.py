"""Lists of big tables by days."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caching.models import AuditEntry, EntryHits

LIST = reverse("admin:caching_auditentry_changelist")
TIMES = [datetime(2026, 3, day, hour, tzinfo=UTC) for day, hour in ((1, 0), (2, 0), (2, 23), (3, 12))]


@pytest.fixture
def audited(admin_client: Browser) -> Browser:
    user, kind = User.objects.get(username="admin"), ContentType.objects.get_for_model(EntryHits)
    AuditEntry.objects.bulk_create(
        AuditEntry(user=user, content_type=kind, object_repr=f"{time:%d %H}", action_flag=4, action_time=time)
        for time in TIMES
    )
    return admin_client


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ({}, ["03 12", "02 23", "02 00", "01 00"]),
        ({"action_time_from": "2026-03-02", "action_time_to": "2026-03-02"}, ["02 23", "02 00"]),
        ({"action_time_from": "2026-03-02"}, ["03 12", "02 23", "02 00"]),
        ({"action_time_to": "2026-03-01", "action": "4"}, ["01 00"]),
        ({"action_time_from": "2026-03-03", "action_time_to": "2026-03-01"}, []),
        # An invalid date is ignored.
        ({"action_time_from": "2026-02-30", "action_time_to": "9999-12-31"}, ["03 12", "02 23", "02 00", "01 00"]),
        ({"action_time_from": "0001-01-01", "action_time_to": "soon\0"}, ["03 12", "02 23", "02 00", "01 00"]),
    ],
)
def test_a_list_shows_the_days_that_are_asked_for(audited: Browser, days: dict[str, str], found: list[str]) -> None:
    page = audited.get(LIST, days)
    assert [entry.object_repr for entry in page.context["cl"].result_list] == found


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
@pytest.mark.parametrize("day", ["0001-01-01", "0002-01-01", "9998-12-31", "9999-12-31"])
def test_the_first_and_last_days_of_the_calendar_may_be_asked_for_in_every_time_zone(
    audited: Browser, zone: str, day: str
) -> None:
    audited.cookies["tz"] = zone
    for name in ("action_time_from", "action_time_to"):
        assert audited.get(LIST, {name: day}).status_code == 200


def test_a_day_is_the_viewers(audited: Browser) -> None:
    audited.cookies["tz"] = "Asia/Kolkata"
    page = audited.get(LIST, {"action_time_from": "2026-03-03", "action_time_to": "2026-03-03"})
    assert [entry.object_repr for entry in page.context["cl"].result_list] == ["03 12", "02 23"]


def test_the_form_keeps_the_other_filters_and_its_days(audited: Browser) -> None:
    text = audited.get(LIST, {"action": "4", "q": "0", "action_time_from": "2026-03-02"}).content.decode()
    for field in (
        '<input type="hidden" name="action" value="4">',
        '<input type="hidden" name="q" value="0">',
        '<input type="date" name="action_time_from" value="2026-03-02" class="sg-input">',
        '<input type="date" name="action_time_to" value="" class="sg-input">',
    ):
        assert field in text


@pytest.mark.parametrize("table", ["auditentry", "call", "hourlyusage", "judgement"])
def test_no_list_reads_the_time_or_counts_the_values_of_every_row(audited: Browser, table: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        audited.get(reverse(f"admin:caching_{table}_changelist"), {"_facets": "True"})
    assert not [each["sql"] for each in queries if re.search(r"trunc\(|\d__c\b", each["sql"], re.IGNORECASE)]
