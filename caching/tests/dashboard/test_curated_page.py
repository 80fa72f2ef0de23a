"""Staff write curated answers in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from caching.llm.curated import key_of
from caching.models import CuratedAnswer, EntryHits
from caching.tests.support.staff import browser_of

pytestmark = pytest.mark.django_db
ADD, LIST = reverse("admin:caching_curatedanswer_add"), reverse("admin:caching_curatedanswer_changelist")


def fields(**change: str) -> dict[str, Any]:
    return {"wordings": "Where?\r\n Which place? \r\n\r\nWhere?", "answer": "Here.", "enabled": "on", **change}


def page_of(answer: CuratedAnswer, page: str) -> str:
    return reverse(f"admin:caching_curatedanswer_{page}", args=[answer.pk])


def test_an_answer_is_added_changed_and_deleted_and_the_log_holds_no_text(admin_client: Browser) -> None:
    assert admin_client.post(ADD, fields()).status_code == 302
    answer = CuratedAnswer.objects.get()
    assert answer.each_wording == ["Where?", "Which place?"]
    assert admin_client.post(page_of(answer, "change"), fields(answer="There.")).status_code == 302
    assert admin_client.post(page_of(answer, "delete"), {"post": "yes"}).status_code == 302
    logged = LogEntry.objects.order_by("pk").values_list("action_flag", "object_repr")
    assert list(logged) == [(flag, f"Answer {answer.pk}") for flag in (ADDITION, CHANGE, DELETION)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"wordings": " \n "}, "required"),
        ({"answer": " "}, "required"),
        ({"wordings": "a|b"}, "separates wordings"),
        ({"wordings": "new\ngenommen für"}, "already has another answer"),
        ({"wordings": "genommen fu\u0308r"}, "already has another answer"),
        ({"language": "all of them"}, "a code such as en"),
        ({"client": "nobody"}, "There is no client named nobody"),
    ],
)
def test_an_answer_that_cannot_be_served_is_refused_with_a_reason(
    admin_client: Browser, change: dict[str, str], said: str
) -> None:
    CuratedAnswer.objects.create(wordings="genommen fu\u0308r", answer="x")
    page = admin_client.post(ADD, fields(**change))
    assert page.status_code == 200 and said in page.content.decode()
    assert CuratedAnswer.objects.count() == 1


def test_the_list_shows_questions_with_their_hits_and_is_searched_by_any_wording(admin_client: Browser) -> None:
    found = CuratedAnswer.objects.create(wordings="Where?\nWhich <b>place</b>?", answer="Here.")
    CuratedAnswer.objects.create(wordings="When?", answer="Now.")
    for currency, hits in (("USD", 40), ("EUR", 2)):
        EntryHits.objects.create(
            key=key_of(found), day=timezone.now().date(), currency=currency, hits=hits, cache_type="llm"
        )
    text = admin_client.get(LIST, {"q": "<b>place"}).content.decode()
    assert "Where?" in text and "When?" not in text and ">42<" in "".join(text.split())


def test_operators_and_administrators_may_write_them_and_others_may_not() -> None:
    for group, status in (("Reviewer", 403), ("Operator", 200), ("Administrator", 200)):
        browser = browser_of(group)
        User.objects.get(username=group).groups.add(Group.objects.get(name=group))
        assert [browser.get(page).status_code for page in (LIST, ADD)] == [status] * 2
