"""Curated answers in the admin, with the number of their hits."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest
from django.utils.text import Truncator
from unfold.admin import ModelAdmin

from caching.llm.curated import key_of
from caching.models import CuratedAnswer, EntryHits


@admin.register(CuratedAnswer)
class CuratedAnswerAdmin(ModelAdmin):
    list_display = ("question", "wording_count", "beginning", "language", "owner", "enabled", "hits")
    list_display_links = ("question",)
    list_filter = ("enabled", "language")
    search_fields = ("wordings", "answer", "client")
    fields = ("wordings", "answer", ("language", "client"), "enabled")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        shown = {key_of(answer): answer for answer in page.result_list}
        found = EntryHits.objects.filter(key__in=shown).values_list("key").annotate(Sum("hits"))
        for key, hits in found.order_by():
            shown[key].hit_count = hits
        return page

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
        return answer.client or "shared scope"

    @admin.display
    def hits(self, answer: CuratedAnswer) -> int:
        return getattr(answer, "hit_count", 0)
