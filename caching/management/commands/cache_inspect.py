from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from caching.maintenance import browse
from caching.redis import store


class Command(BaseCommand):
    help = "Print one cache entry as JSON: value, client, cost and hits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key")

    def handle(self, *, key: str, **options: Any) -> str:
        detail = browse.inspect(key)
        if detail is None and not store.available():
            raise CommandError(store.state().reason or "caching is off: REDIS_URL is not set")
        if detail is None:
            raise CommandError(f"not found: {key}")
        return json.dumps(browse.as_json(detail), ensure_ascii=False, indent=2)
