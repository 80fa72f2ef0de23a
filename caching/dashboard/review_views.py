"""The page of reviews, and the verdicts of staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from caching import keys
from caching.dashboard import permissions, recent, verdicts
from caching.dashboard.audit_log import record, viewed
from caching.dashboard.page import address
from caching.maintenance import browse
from caching.models import Call, Judgement, Verdict
from caching.models.audit import AuditAction
from caching.reports import queries, review_queue
from caching.reports.period import Period
from caching.reports.semantic_quality import correctness_of
from caching.reports.what_if import what_if
from caching.templatetags.formatting import entries

REVIEWERS = permissions.required("caching.add_judgement")


class ReviewsForm(forms.Form):
    """Filters of the queue, and the match to show, from the query string."""

    kind = forms.ChoiceField(choices=[("", "All"), *review_queue.KINDS.items()], required=False)
    client = forms.CharField(max_length=100, required=False)
    hit = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    # The match that was reviewed last.
    last = forms.IntegerField(required=False, min_value=1, max_value=2**62)

    def value(self, name: str) -> Any:
        return self.cleaned_data.get(name) if self.is_valid() else None


@require_GET
def reviews(request: HttpRequest) -> HttpResponse:
    form = ReviewsForm(request.GET)
    kind, client = form.value("kind") or "", form.value("client") or ""
    queue = review_queue.queue(kind, client)
    shown = _match(form.value("hit")) or next(iter(queue.hits), None)
    viewed(request, "queue of reviews", client)
    period = Period.last(review_queue.PERIOD)
    lookups = queries.lookups(period)
    context = {
        **admin.site.each_context(request),
        "title": "Reviews",
        "queue": queue,
        "shown": shown and _shown(shown, queue),
        "last": _last(form.value("last")),
        "query": _filters(kind, client),
        "kinds": [
            (title, address(request, kind=name, hit="", last=""), name == kind)
            for name, title in [("", "All"), *review_queue.KINDS.items()]
        ],
        "client": client,
        "clients": queries.known("client"),
        "correctness": correctness_of(period, lookups, queries.reviews(period)),
        "levels": what_if(period, lookups),
    }
    return render(request, "caching/reviews/page.html", context)


@require_POST
@REVIEWERS
def judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Review a semantic match; a wrong answer that was served is deleted."""
    hit = get_object_or_404(Call.objects.matches(), pk=pk)
    verdict = Verdict.WRONG if request.POST.get("verdict") == Verdict.WRONG else Verdict.RIGHT
    removed = verdicts.judge(hit, verdict)
    entry = keys.without_text(hit.key)
    said = f"Reviewed as {verdict}, deleted {removed} entries: {entry}"
    record(request, AuditAction.REVIEWED, entry, said, hit.client)
    if request.POST.get("back") != "reviews":
        _tell(request, verdict, removed)
    return redirect(_back(request, hit, after=True))


@require_POST
@REVIEWERS
def undo_verdict(request: HttpRequest, pk: int) -> HttpResponse:
    """Restore what a verdict deleted."""
    hit = get_object_or_404(Call.objects.matches(), pk=pk)
    if verdicts.take_back(hit):
        entry = keys.without_text(hit.key)
        record(request, AuditAction.REVIEWED, entry, f"Undone: restored and reviewed as right: {entry}", hit.client)
        messages.success(request, "Restored the entry and marked it as right.")
    else:
        messages.error(request, "It is too late: the entry cannot be restored.")
    return redirect(_back(request, hit, after=False))


def _tell(request: HttpRequest, verdict: Verdict, removed: int) -> None:
    if verdict == Verdict.WRONG:
        later = " Undo it under Reviews within ten minutes." if removed else ""
        messages.success(request, f"Marked as wrong. Deleted {entries(removed)} for all clients.{later}")
    else:
        messages.success(request, "Marked as right.")


def _back(request: HttpRequest, hit: Call, *, after: bool) -> str:
    """Return the page that the form was on; in the queue it shows the next match, or `hit` again."""
    where, query = request.POST.get("back"), request.POST.get("query", "")
    if where == "requests":
        return reverse("requests")
    if where == "reviews":
        following = request.POST.get("next", "") if after else str(hit.pk)
        place = {"hit": following} | ({"last": str(hit.pk)} if after else {})
        return f"{reverse('reviews')}?{query}&{urlencode(place)}"
    return f"{reverse('admin:index')}?{query or 'tab=health'}#semantic-hits"


def _match(pk: int | None) -> Call | None:
    return Call.objects.matches().filter(pk=pk).first() if pk else None


def _shown(hit: Call, queue: review_queue.Queue) -> dict[str, Any]:
    entry = browse.inspect(hit.key) if hit.key else None
    following = queue.after(hit)
    return {
        "hit": hit,
        "entry": entry,
        "answer": entry.row.stored.fields.get("answer", "") if entry else "",
        "asked": recent.differing(hit.question, hit.matched),
        "matched": recent.differing(hit.matched, hit.question),
        "judgement": Judgement.objects.latest_of(hit.match),
        "next": following.pk if following else "",
    }


def _last(pk: int | None) -> dict[str, Any] | None:
    """Return the match that was reviewed last, with its verdict, and whether its answer can be restored."""
    hit = _match(pk)
    if hit is None:
        return None
    judgement = Judgement.objects.latest_of(hit.match)
    return {"hit": hit, "judgement": judgement, "restorable": verdicts.is_restorable(hit)}


def _filters(kind: str, client: str) -> str:
    return urlencode({name: value for name, value in (("kind", kind), ("client", client)) if value})
