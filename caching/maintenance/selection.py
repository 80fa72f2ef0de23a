"""Selection of entries to list or delete."""

from __future__ import annotations

import fnmatch
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils import timezone

from caching import keys
from caching.models import ArchivedAudio
from caching.models.archive import ArchivedAudioQuerySet
from caching.redis import scan
from caching.redis.scan import Stored

LLM_KINDS = (keys.EXACT, keys.SEMANTIC, keys.QUERY_INDEX)
TTS_KINDS = (keys.SPEECH,)
STT_KINDS = (keys.TRANSCRIPT,)
EMB_KINDS = (keys.EMBEDDING,)
KINDS_BY_NAME = {"llm": LLM_KINDS, "tts": TTS_KINDS, "stt": STT_KINDS, "emb": EMB_KINDS}
# Kinds that hold something to read or hear.
LISTED = tuple(kind for kind in keys.KINDS if kind not in (keys.SEMANTIC, keys.QUERY_INDEX))
LABELS = {
    keys.EXACT: "exact-match answers",
    keys.SEMANTIC: "semantic entries",
    keys.QUERY_INDEX: "query index",
    keys.SPEECH: "speech audio",
    keys.TRANSCRIPT: "transcripts",
    keys.EMBEDDING: "embeddings",
}


def client_named(name: Any) -> Any | None:
    """Return the row of settings.CLIENT_MODEL, which belongs to an app above this one, or None."""
    return apps.get_model(settings.CLIENT_MODEL)._default_manager.filter(name=name).first()


@dataclass(frozen=True, slots=True)
class Row:
    stored: Stored
    hits: int
    # In settings.DISPLAY_CURRENCY.
    saved: Decimal = Decimal(0)

    @property
    def age(self) -> int | None:
        """Age in whole seconds."""
        created = self.stored.fields.get("created")
        return max(0, int(time.time() - created)) if isinstance(created, int | float) else None

    @property
    def level(self) -> str:
        return str(self.stored.fields.get("level", ""))

    @property
    def text(self) -> str:
        """Question or spoken text, if the entry contains it."""
        fields = self.stored.fields
        return str(fields.get("question") or fields.get("text") or "")

    @property
    def label(self) -> str:
        return LABELS[self.stored.kind].removesuffix("s").removeprefix("exact-match ")

    @property
    def made_by(self) -> str:
        return str(self.stored.fields.get("by", ""))


@dataclass(frozen=True, slots=True)
class Selection:
    """Entries that meet every condition."""

    kinds: tuple[str, ...] = keys.KINDS
    pattern: str = "*"
    level: str = ""
    client: str = ""
    # Seconds.
    older_than: float | None = None

    @property
    def reads_values(self) -> bool:
        return bool(self.level or self.client or self.older_than is not None)

    @property
    def includes_index(self) -> bool:
        """True if `llm:query_index` itself is deleted, so that every worker clears its index."""
        return keys.QUERY_INDEX in self.kinds and self.pattern in ("*", "llm:*") and not self.reads_values

    @property
    def index_client(self) -> str:
        """Client whose events are also removed from the query index; empty if the selection is narrower."""
        narrowed = self.level or self.older_than is not None or self.pattern != "*"
        return "" if narrowed or keys.QUERY_INDEX not in self.kinds else self.client

    @property
    def described(self) -> str:
        """Summary for people, such as `exact-match answers, level speed`."""
        everything = set(self.kinds) >= set(keys.KINDS)
        conditions = ["all entries" if everything else " and ".join(LABELS[kind] for kind in self.kinds)]
        conditions += [f"keys matching {self.pattern}"] if self.pattern != "*" else []
        conditions += [f"level {self.level}"] if self.level else []
        conditions += [f"client {self.client}"] if self.client else []
        conditions += [f"older than {self.older_than:,.0f} s"] if self.older_than is not None else []
        return ", ".join(conditions)

    @property
    def described_without_text(self) -> str:
        """Summary for the audit: a pattern may hold what a user asked."""
        pattern = "" if self.pattern == "*" else ", keys matching a pattern"
        return replace(self, pattern="*").described + pattern

    def of(self, names: Sequence[str]) -> list[str]:
        """Return the selected ones among `names`; reads values only if a condition needs them."""
        of_kind = [name for name in names if keys.kind_of(name) in self.kinds]
        if not self.reads_values or not of_kind:
            return of_kind
        described: list[Stored] = scan.describe(of_kind) or []
        return [stored.key for stored in described if self._covers(Row(stored, hits=0))]

    def archived(self) -> ArchivedAudioQuerySet:
        """Return the selected entries of the audio archive."""
        rows = ArchivedAudio.objects.all() if keys.SPEECH in self.kinds else ArchivedAudio.objects.none()
        if self.pattern != "*":
            # Redis' patterns are those of fnmatch, but for the sign of negation.
            matching = re.compile(fnmatch.translate(self.pattern.replace("[^", "[!")))
            rows = rows.filter(pk__in=[pk for pk, key in rows.values_list("pk", "key") if matching.match(key)])
        if self.level:
            rows = rows.filter(level=self.level)
        if self.client:
            rows = rows.filter(client=self.client)
        if self.older_than is not None:
            rows = rows.filter(made__lte=timezone.now() - timedelta(seconds=self.older_than))
        return rows

    def _covers(self, row: Row) -> bool:
        old_enough = self.older_than is None or (row.age is not None and row.age >= self.older_than)
        return old_enough and self.level in ("", row.level) and self.client in ("", row.made_by)
