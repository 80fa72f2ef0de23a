from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from caching.maintenance import browse
from caching.redis import store


class Command(BaseCommand):
    help = "Show one entry of the cache as JSON: its value, who made it, what it cost, how often it hit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key")

    def handle(self, *, key: str, **options: Any) -> str:
        detail = browse.inspect(key)
        if detail is None and not store.available():
            raise CommandError(store.state().reason or "REDIS_URL is not set: caching is off")
        if detail is None:
            raise CommandError(f"there is no entry {key}")
        return json.dumps(browse.as_json(detail), ensure_ascii=False, indent=2)
