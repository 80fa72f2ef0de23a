"""Answers that staff deleted as wrong can be restored for ten minutes.

The copy is an entry like others, which no request looks up: a flush or the erasure of its client deletes it too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from caching import keys
from caching.redis import scan, store
from caching.redis.scan import Stored
from caching.semantic.cache import SemanticQuery, tier
from caching.semantic.text.normalize import normalize

KEPT_SECONDS = 600


def keep(key: str, match: str) -> None:
    """Copy an answer before it is deleted."""
    found: list[Stored] = scan.describe([key]) or []
    for entry in found:
        if entry.ttl:
            about = {name: entry.fields.get(name, "") for name in ("by", "level", "created")}
            question = f"Deleted: {entry.fields.get('question', '')}"
            copy = {**about, "question": question, "of": key, "value": entry.fields, "until": time.time() + entry.ttl}
            store.put(_name(match), copy, KEPT_SECONDS)


def kept(matches: Iterable[str]) -> set[str]:
    """Return those of `matches` whose answer can be restored."""
    asked = list(matches)
    copies = store.get_many([_name(match) for match in asked]) if asked else []
    return {match for match, copy in zip(asked, copies, strict=True) if copy}


def restore(match: str) -> bool:
    """Put the answer back and let other questions find it; return False if it is too late.

    Where CACHE_HASH_KEYS is on, or for a long question, only the same words find it.
    """
    copy: dict[str, Any] | None = store.get(_name(match))
    ttl = int(copy["until"] - time.time()) if copy else 0
    if copy is None or ttl <= 0 or not store.put(copy["of"], copy["value"], ttl + copy["value"].get("kept", 0)):
        return False
    store.delete([_name(match)])
    _index(copy["of"], copy["value"].get("question", ""), ttl)
    return True


def _name(match: str) -> str:
    return f"{keys.EXACT}:deleted:{match}"


def _index(answer: str, question: str, ttl: int) -> None:
    for names in scan.scan_all(keys.semantic_key("*", normalize(question))):
        found: list[Stored] = (scan.describe(names) or []) if names else []
        for entry in found:
            fields = entry.fields
            if fields.get("answer_key") == answer:
                asked = SemanticQuery(fields["scope"], fields["question"])
                about: dict[str, Any] = {name: fields[name] for name in ("level", "by", "created") if name in fields}
                event, commands = tier().commands(asked, answer, ttl, about)
                if store.write(commands):
                    tier().index(event)
