"""The last requests as staff see them: pills, filters, and what one of them was answered with and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from django import forms
from django.conf import settings

from caching.ledger import recent_stream
from caching.ledger.recent_stream import Recent
from caching.maintenance import browse
from caching.maintenance.browse import Detail
from caching.models import Call, Judgement
from caching.policy import CACHE_TYPES
from caching.pricing.money import Money
from caching.semantic.types import Candidate

# Rows on the page, and sent at once.
MAX_ROWS = 100
# Rows of one update, as many as MAX_PER_SECOND in LONG_PAUSE of requests.js; the page counts the rest as dropped.
MAX_NEW = 30
# Period from whose requests filters are offered, and in which dropped ones are counted.
LATELY_SECONDS = 60
# The cached questions shown beside a miss.
MAX_NEAREST, LEAST_SIMILARITY = 3, 0.4
PILLS = {
    "hit": "Hit",
    "same": "Same words",
    "semantic": "Semantic",
    "miss": "Miss",
    "bypass": "Bypass",
    "error": "Error",
}
SAME_WORDING = "same wording"
_TEXTS = ("outcome", "level", "provider", "model", "client", "question", "matched", "match", "key", "scope", "code")
# Fields that a request recorded by another version may lack.
_BLANK: dict[str, Any] = {
    **dict.fromkeys((*_TEXTS, "message"), ""),
    **dict.fromkeys(("similarity", "probability", "before_provider", "cost", "saved")),
    **{"at": 0, "type": "", "seconds": 0.0, "reasons": []},
}


class Part(NamedTuple):
    title: str
    seconds: float
    # Of the whole, in percent.
    share: float


class Word(NamedTuple):
    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class SeenRequest:
    id: str
    told: dict[str, Any]

    @classmethod
    def of(cls, recent: Recent) -> SeenRequest:
        return cls(recent.id, {**_BLANK, **recent.told})

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.told["at"], UTC)

    @property
    def pill(self) -> str:
        outcome = self.told["outcome"]
        if outcome == "semantic":
            return "same" if SAME_WORDING in self.told["reasons"] else "semantic"
        return {"exact": "hit"}.get(outcome, outcome)

    @property
    def pill_title(self) -> str:
        return PILLS.get(self.pill, self.pill)

    @property
    def cost(self) -> Money | None:
        return _money(self.told["cost"])

    @property
    def saved(self) -> Money | None:
        return _money(self.told["saved"])

    @property
    def type_title(self) -> str:
        return CACHE_TYPES.get(self.told["type"], "Request")

    @property
    def parts(self) -> list[Part]:
        """Return the time by part; empty if it is not known."""
        total, before = self.told["seconds"], self.told["before_provider"]
        if before is None or not total:
            return []
        spans = [("Before the provider was called", before), ("Provider", max(0.0, total - before))]
        return [Part(title, seconds, 100 * seconds / total) for title, seconds in spans]

    @property
    def asked_words(self) -> list[Word]:
        return differing(self.told["question"], self.told["matched"])

    @property
    def matched_words(self) -> list[Word]:
        return differing(self.told["matched"], self.told["question"])


@dataclass(frozen=True, slots=True)
class Feed:
    rows: list[SeenRequest]
    # Id of the newest request that was looked at, shown or not.
    last: str
    # Requests of the last minute that were kept, and those left out because too many came.
    kept: int
    dropped: int

    @property
    def is_sample(self) -> bool:
        return self.dropped > 0

    @property
    def share(self) -> int:
        return round((self.kept + self.dropped) / self.kept) if self.kept else 0


class RequestsForm(forms.Form):
    """Filters of the page, from the query string."""

    pill = forms.ChoiceField(choices=[("", "All"), *PILLS.items()], required=False)
    type = forms.ChoiceField(choices=[("", "All types"), *CACHE_TYPES.items()], required=False)
    client = forms.CharField(max_length=100, required=False)
    provider = forms.CharField(max_length=50, required=False)
    q = forms.CharField(max_length=200, required=False, label="Search")

    def matches(self, seen: SeenRequest, *, may_read: bool) -> bool:
        """Return True if `seen` passes the filters. Who may not read texts cannot search them."""
        wanted = self.cleaned_data if self.is_valid() else {}
        told = seen.told
        if any(wanted.get(name) and wanted[name] != told[name] for name in ("type", "client", "provider")):
            return False
        if wanted.get("pill") and wanted["pill"] != seen.pill:
            return False
        texts = ("question", "matched", "message", "key") if may_read else ()
        found = " ".join(str(told[name]) for name in (*texts, "model", "client", "provider", "code"))
        return str(wanted.get("q") or "").casefold() in found.casefold()


def feed(form: RequestsForm, *, may_read: bool, after: str = "") -> Feed | None:
    """Return the latest requests that pass the filters, newest first; None if Redis is disconnected."""
    found = recent_stream.latest(after)
    if found is None:
        return None
    seen = [SeenRequest.of(recent) for recent in found]
    matching = [each for each in seen if form.matches(each, may_read=may_read)]
    rows = matching[: MAX_NEW if after else MAX_ROWS]
    # Nobody reads more at once, and each costs the server and the browser.
    unread = len(matching) - len(rows) if after else 0
    newest = seen[0].told["at"] if seen else 0
    dropped = [
        recent.dropped for recent, each in zip(found, seen, strict=True) if each.told["at"] > newest - LATELY_SECONDS
    ]
    return Feed(rows, found[0].id if found else after, len(dropped) - unread, sum(dropped) + unread)


@dataclass(frozen=True, slots=True)
class Explained:
    seen: SeenRequest
    # The entry that answered, or that the answer was stored as; None if it has gone.
    entry: Detail | None
    # Its ledger row and latest review, of a semantic hit.
    call: Call | None
    judgement: Judgement | None
    # The cached questions that came nearest to one that missed, each with what kept it from being served.
    nearest: list[Candidate]


def explain(id: str) -> Explained | None:
    """Return everything about one of the last requests; None if it is no longer kept."""
    found: Recent | None = recent_stream.get(id) if recent_stream.is_id(id) else None
    if found is None:
        return None
    seen = SeenRequest.of(found)
    match = seen.told["match"]
    return Explained(
        seen,
        browse.inspect(seen.told["key"]) if seen.told["key"] else None,
        Call.objects.filter(match=match).first() if match else None,
        Judgement.objects.latest_of(match) if match else None,
        _nearest(seen),
    )


def _nearest(seen: SeenRequest) -> list[Candidate]:
    if not seen.told["scope"] or settings.SEMANTIC_MODE == "off":
        return []
    found = browse.competitors(seen.told["question"], seen.told["scope"])
    return [candidate for candidate in found if candidate.similarity >= LEAST_SIMILARITY][:MAX_NEAREST]


def differing(text: str, other: str) -> list[Word]:
    """Return the words of `text`, each with True if `other` lacks it in this place."""
    mine, theirs = text.split(), other.split()
    bare_mine, bare_theirs = ([word.casefold().strip(".,;:!?¿¡।") for word in words] for words in (mine, theirs))
    words = [Word(word, True) for word in mine]
    for block in SequenceMatcher(None, bare_mine, bare_theirs, autojunk=False).get_matching_blocks():
        for place in range(block.a, block.a + block.size):
            words[place] = Word(mine[place], False)
    return words


def _money(told: list[str] | None) -> Money | None:
    return None if told is None else Money(Decimal(told[0]), told[1])
