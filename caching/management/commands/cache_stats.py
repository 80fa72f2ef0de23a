from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from caching.management.base import GatewayCommand
from caching.management.stats_text import stats_text
from caching.redis import store
from caching.reports import summary
from caching.reports.durations import parse_duration

WATCH_SECONDS = 2
CLEAR_SCREEN = "\033[2J\033[H"


class Command(GatewayCommand):
    help = "Show hit rates, spending, savings, keys and memory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", type=parse_duration, default=timedelta(days=1), help="such as 24h or 7d (rounded to full hours)"
        )
        parser.add_argument("--json", action="store_true", help="machine-readable output")
        parser.add_argument("--watch", action="store_true", help=f"refresh every {WATCH_SECONDS} s until Ctrl-C")

    def handle(self, *, since: timedelta, watch: bool, **options: Any) -> None:
        self._show(since, options["json"])
        while watch:
            try:
                time.sleep(WATCH_SECONDS)
            except KeyboardInterrupt:
                return
            self.stdout.write(CLEAR_SCREEN, ending="")
            self._show(since, options["json"])
        if store.enabled():
            self.demand_redis()

    def _show(self, since: timedelta, as_json: bool) -> None:
        found = summary.collect(since)
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) if as_json else stats_text(found))
