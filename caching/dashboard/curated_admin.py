"""Curated answers in the admin, with the hits of each and an estimate of what they saved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest
from django.utils.text import Truncator
from unfold.admin import ModelAdmin

from caching.llm.curated import key_of
from caching.models import CuratedAnswer, EntryHits
from caching.reports.queries import average_chat_miss
from caching.templatetags.formatting import NOTHING, count, money

FACTS = ("pinned_from", "hits", "saved")


@admin.register(CuratedAnswer)
class CuratedAnswerAdmin(ModelAdmin):
    purpose = "An answer that you wrote or pinned is given to its questions without a provider, and never expires."
    list_display = ("question", "wording_count", "beginning", "language", "owner", "enabled", "hits", "saved")
    list_display_links = ("question",)
    list_filter = ("enabled", "language")
    search_fields = ("wordings", "answer", "client")
    fields = ("wordings", "answer", ("language", "client"), "voice", "enabled")
    readonly_fields = FACTS

    def get_fields(self, request: HttpRequest, obj: CuratedAnswer | None = None) -> Any:
        if obj is None:
            return self.fields
        return (*self.fields, *(FACTS if obj.is_pinned else FACTS[1:]))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        _add_figures(page.result_list)
        return page

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            _add_figures([found])
        return found

    @admin.display(ordering="wordings")
    def question(self, answer: CuratedAnswer) -> str:
        return answer.question

    @admin.display(description="wordings")
    def wording_count(self, answer: CuratedAnswer) -> int:
        return len(answer.each_wording)

    @admin.display(description="answer", ordering="answer")
    def beginning(self, answer: CuratedAnswer) -> str:
        return Truncator(answer.answer).chars(50)

    @admin.display(description="for", ordering="client")
    def owner(self, answer: CuratedAnswer) -> str:
        return f"{answer.client or 'shared scope'}{', pinned' * answer.is_pinned}"

    @admin.display(description="pinned")
    def pinned_from(self, answer: CuratedAnswer) -> str:
        return "Given to requests with the model, system prompt and earlier turns of the entry that was pinned."

    @admin.display
    def hits(self, answer: CuratedAnswer) -> str:
        return count(getattr(answer, "hit_count", 0))

    @admin.display(description="saved, about")
    def saved(self, answer: CuratedAnswer) -> str:
        """An estimate: nobody knows what a provider would have billed for an answer that it never gave."""
        price: Decimal | None = getattr(answer, "price", None)
        return NOTHING if price is None else money(price * getattr(answer, "hit_count", 0))


def _add_figures(answers: Any) -> None:
    """Give each answer its number of hits, and the average cost of a chat miss of its client."""
    shown = {key_of(answer): answer for answer in answers}
    prices = {client: average_chat_miss(client) for client in {answer.client for answer in answers}}
    for answer in answers:
        answer.hit_count, answer.price = 0, prices[answer.client]
    found = EntryHits.objects.filter(key__in=shown).values_list("key").annotate(Sum("hits"))
    for key, hits in found.order_by():
        shown[key].hit_count = hits
