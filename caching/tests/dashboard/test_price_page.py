"""Prices in the admin: one row a model, with what holds today."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching.models import HourlyUsage, Price

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("admin:caching_price_changelist"), reverse("admin:caching_price_add")


def price(unit: str, amount: str, days: int, model: str = "m-1") -> Price:
    moment = timezone.now() + timedelta(days=days)
    return Price.objects.create(provider="acme", model=model, unit=unit, amount=amount, valid_from=moment)


def test_a_model_has_one_row_with_the_prices_of_today(admin_client: Browser) -> None:
    first = price("input_tokens", "1", -9)
    price("input_tokens", "3", -2)
    price("input_tokens", "5", 4)
    price("output_tokens", "12", -9)
    price("characters", "15", 3, "m-2")
    page = admin_client.get(LIST, {"provider": "acme"})
    [row] = page.context["cl"].result_list
    text = page.content.decode()
    assert row.pk == first.pk and "$3.00" in text and "$12.00" in text
    assert "$1.00" not in text and "$5.00" not in text and "m-2" not in text
    history = admin_client.get(reverse("admin:caching_price_change", args=[first.pk])).content.decode()
    assert all(amount in history for amount in ("$1.00", "$3.00", "$5.00", "$12.00"))


def test_a_free_unit_is_told_from_one_with_a_price(admin_client: Browser) -> None:
    first = price("characters", "0", -9)
    price("audio_seconds", "0", -9)
    free = admin_client.get(LIST).content.decode()
    assert re.search(r">\s*free\s*<", free) and "free (" not in free
    price("audio_seconds", "6000", -2)
    texts = [
        admin_client.get(LIST).content.decode(),
        admin_client.get(reverse("admin:caching_price_change", args=[first.pk])).content.decode(),
    ]
    assert all("free (characters)" in text for text in texts)
    assert "$0.36 per minute" in texts[0] and "$6,000.00 per 1M audio seconds" in texts[1]
    assert "free (audio seconds)" in texts[1] and "free (audio seconds)" not in texts[0]


def test_speech_is_priced_by_one_unit_in_all_rows(admin_client: Browser) -> None:
    moment = timezone.now() - timedelta(days=1)
    for model, amount, per in (("a", "0.015", 1000), ("b", "16", 1_000_000)):
        kept = {"provider": "acme", "unit": "characters", "valid_from": moment}
        Price.objects.create(model=model, amount=amount, per=per, **kept)
    page = admin_client.get(LIST, {"provider": "acme"}).content.decode()
    assert "$15.00 per 1M characters" in page and "$16.00 per 1M characters" in page


def test_what_was_used_without_a_price_is_listed_with_the_form_filled_in(admin_client: Browser) -> None:
    HourlyUsage.objects.create(
        hour=timezone.now(), cache_type="tts", outcome="miss", provider="acme", model="new", requests=8, unpriced=8
    )
    text = admin_client.get(LIST).content.decode()
    assert f"{ADD}?provider=acme&amp;model=new" in text
    form = admin_client.get(ADD, {"provider": "acme", "model": "new"}).content.decode()
    assert 'value="acme"' in form and 'value="new"' in form


def test_a_price_needs_no_source(admin_client: Browser) -> None:
    given = {"provider": "acme", "model": "new", "unit": "characters", "amount": "2", "per": 1000, "currency": "USD"}
    moment = {"valid_from_0": "2026-01-01", "valid_from_1": "00:00"}
    assert admin_client.post(ADD, {**given, **moment, "source": ""}).status_code == 302
    assert Price.objects.get(model="new").source == ""


def test_the_list_takes_the_same_queries_for_any_number_of_models(
    admin_client: Browser, django_assert_max_num_queries: object
) -> None:
    for number in range(5):
        price("characters", "1", -1, f"many-{number}")
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        admin_client.get(LIST)
