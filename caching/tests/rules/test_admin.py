"""Staff write cache rules: validated, in words, in order, and with an entry in the admin's log."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching.models import CacheRule, Call
from caching.tests.support.staff import browser_of

pytestmark = pytest.mark.django_db

ADD, LIST = reverse("admin:caching_cacherule_add"), reverse("admin:caching_cacherule_changelist")


def fields(**change: Any) -> dict[str, Any]:
    return {"name": "Prices", "enabled": "on", "position": "0", "ttl": "60", **change}


def test_a_rule_is_added_changed_and_deleted_and_each_is_in_the_log(admin_client: Browser) -> None:
    assert admin_client.post(ADD, fields(text_match="contains", text="price")).status_code == 302
    rule = CacheRule.objects.get()
    change = reverse("admin:caching_cacherule_change", args=[rule.pk])
    assert admin_client.post(change, fields(ttl="90")).status_code == 302
    assert (
        admin_client.post(reverse("admin:caching_cacherule_delete", args=[rule.pk]), {"post": "yes"}).status_code == 302
    )
    logged = LogEntry.objects.order_by("pk").values_list("action_flag", "object_repr")
    assert list(logged) == [(flag, "Prices") for flag in (ADDITION, CHANGE, DELETION)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ttl": ""}, "Say what the rule does"),
        ({"never_store": "on"}, "has no time to live"),
        ({"text": "price"}, "how the text is compared"),
        ({"text_match": "begins"}, "how the text is compared"),
        ({"applies_to": "tts", "kind": "moment"}, "Only questions are of a kind"),
        ({"threshold": "0.3"}, "greater than or equal to 0.5"),
        ({"threshold": "1.2"}, "less than or equal to 1"),
        ({"ttl": "0"}, "greater than or equal to 1"),
        ({"ttl": "99999999"}, "less than or equal to"),
        ({"model": "*gpt"}, "only at the end"),
        ({"level_at_most": "fast"}, "Select a valid choice"),
        ({"name": ""}, "required"),
        ({"client": "nobody"}, "There is no client named nobody."),
    ],
)
def test_a_rule_that_cannot_hold_is_refused_with_a_reason(
    admin_client: Browser, change: dict[str, str], said: str
) -> None:
    page = admin_client.post(ADD, fields(**change))
    assert page.status_code == 200 and said in page.content.decode()
    assert not CacheRule.objects.exists()


def test_a_rule_whose_client_is_gone_can_be_edited_and_turned_off(admin_client: Browser) -> None:
    rule = CacheRule.objects.create(name="Prices", position=0, client="gone", ttl=60)
    change = reverse("admin:caching_cacherule_change", args=[rule.pk])
    said = admin_client.post(change, fields(client="gone too")).content.decode()
    assert "There is no client named gone too." in said
    assert admin_client.post(change, fields(client="gone", ttl="90", enabled="")).status_code == 302
    rule.refresh_from_db()
    assert (rule.client, rule.ttl, rule.enabled) == ("gone", 90, False)
    assert "There is no client named gone." in admin_client.post(ADD, fields(client="gone", name="B")).content.decode()


def test_a_rule_may_be_for_the_playground_before_anybody_uses_it(admin_client: Browser) -> None:
    assert admin_client.post(ADD, fields(client="playground")).status_code == 302


def test_the_list_says_in_words_what_each_rule_does(admin_client: Browser) -> None:
    CacheRule.objects.create(name="A", client="bot", model="gpt-5*", text_match="begins", text="<b>", never_store=True)
    CacheRule.objects.create(
        name="B", kind="moment", applies_to="llm", ttl=1800, level_at_most="quality", threshold=0.9
    )
    CacheRule.objects.create(name="C", level_at_most="balanced")
    page = admin_client.get(LIST).content.decode()
    for words in (
        "client bot, model gpt-5*, text begins with &quot;&lt;b&gt;&quot;",
        "answers, depends on the moment",
        "1,800 s to live, level quality at most, threshold 90%",
        "every request",
        "level balanced at most",
    ):
        assert words in page
    assert page.index(">A<") < page.index(">B<") < page.index(">C<")


def test_positions_stay_as_entered_and_equal_ones_stand_in_the_order_of_their_creation(admin_client: Browser) -> None:
    for name, position in (("Invoices", "0"), ("Weather", "1"), ("News", "1"), ("Other", "")):
        assert admin_client.post(ADD, fields(name=name, position=position)).status_code == 302
    expected = [("Invoices", 0), ("Weather", 1), ("News", 1), ("Other", 2)]
    assert list(CacheRule.objects.values_list("name", "position")) == expected, "as they are tried"
    page = admin_client.get(LIST).content.decode()
    places = [page.index(f">{name}<") for name, _ in expected]
    assert places == sorted(places), "as they are listed"


def test_the_list_of_calls_names_the_rule_that_held(admin_client: Browser) -> None:
    call = {"created": timezone.now(), "cache_type": "llm", "outcome": "bypass"}
    Call.objects.create(**call, reasons=["cache rule: depends on the moment"])
    Call.objects.create(**call)
    page = admin_client.get(reverse("admin:caching_call_changelist")).content.decode()
    assert page.count("depends on the moment") == 1 and "cache rule: " not in page


def test_the_form_explains_its_fields(admin_client: Browser) -> None:
    page = admin_client.get(ADD).content.decode()
    assert "the first that fits holds" in page
    assert "order of their creation" in page and "`" not in page.partition("<form")[2].partition("</form>")[0]
    assert "X-Cache: BYPASS" in page and "Least probability" in page


def test_staff_without_permission_see_and_change_no_rules() -> None:
    CacheRule.objects.create(name="A", never_store=True)
    assert browser_of("none").get(LIST).status_code == 403
    viewer = browser_of("viewer", "view_cacherule")
    assert viewer.get(LIST).status_code == 200 and viewer.post(ADD, fields()).status_code == 403
