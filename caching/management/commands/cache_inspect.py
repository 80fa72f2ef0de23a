from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat

from caching import keys
from caching.maintenance import browse
from caching.maintenance.browse import Detail
from caching.management.base import GatewayCommand
from caching.models.audit import AuditAction
from caching.templatetags.formatting import amounts, count, duration


class Command(GatewayCommand):
    help = "Show one cache entry: question, answer, client, cost and hits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key")
        parser.add_argument("--json", action="store_true", help="machine-readable output, with the whole value")

    def handle(self, *, key: str, **options: Any) -> str:
        # Bytes of the shell that are not UTF-8 are in no key.
        key = key.encode(errors="replace").decode()
        detail = browse.inspect(key)
        if detail is None:
            self.demand_redis()
            raise CommandError(f"not found: {key}")
        self.record(AuditAction.VIEWED, keys.without_text(detail.row.stored.key), client=detail.row.made_by)
        found = browse.as_json(detail)
        if options["json"]:
            return json.dumps(found, ensure_ascii=False, indent=2)
        return "\n".join(f"{name:10}{value}" for name, value in _facts(detail, found))


def _facts(detail: Detail, found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Key", found["key"]
    value = found["value"] if isinstance(found["value"], dict) else {}
    for name, field in (("Question", "question"), ("Text", "text"), ("Answer", "answer")):
        if value.get(field):
            yield name, str(value[field])
    if found["audio_bytes"] is not None:
        yield "Audio", filesizeformat(found["audio_bytes"])
    yield "Client", found["made_by"] or "–"
    yield "Level", found["level"] or "–"
    yield "Age", duration(found["age"])
    yield "Hits", count(found["hits"])
    yield "Cost", amounts([detail.cost]) if detail.cost else "unknown"
    yield "Saved", amounts(detail.saved)
    yield "Expires", f"in {duration(found['ttl'])}" if found["ttl"] and found["ttl"] > 0 else "never"
    yield "Size", filesizeformat(found["bytes"])
