from __future__ import annotations

import csv
import re
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.urls import reverse

from caching.models import HourlyUsage
from caching.tests.dashboard.test_savings_page import hour
from caching.tests.support.staff import READING, browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db: None) -> Browser:
    return browser_of("staff", *READING)


def test_a_chart_comes_as_csv_that_no_spreadsheet_runs(staff: Browser) -> None:
    hour("exact", 4, saved=Decimal("0.5"), provider="", model="=cmd()")
    hour("miss", 1, cost=Decimal("0.25"), provider="", model="=cmd()")
    response = staff.get(reverse("chart-csv", args=["level"]))
    assert response["Content-Type"].startswith("text/csv") and re.search(
        r"level_[\d-]+_[\d-]+\.csv", response["Content-Disposition"]
    )
    header, row = csv.reader(response.content.decode("utf-8-sig").splitlines())
    assert header == ["Level", "Saved (USD)", "Spent (USD)", "Requests", "Hit rate"]
    assert [row[0], *map(float, row[1:])] == ["balanced", 0.5, 0.25, 5, 0.8]
    assert response.content.startswith(b"\xef\xbb\xbf"), "Excel reads it in the code page of the machine"
    for formula in ("=1+1", "\r=1", "＝1"):
        HourlyUsage.objects.update(level=formula)
        assert f"'{formula}" in staff.get(reverse("chart-csv", args=["level"])).content.decode()
    assert staff.get(reverse("chart-csv", args=["nothing"])).status_code == 404
