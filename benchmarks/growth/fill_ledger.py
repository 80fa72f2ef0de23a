"""Fill an empty ledger in VAR_DIR: python -m benchmarks.growth.fill_ledger CALLS."""

from __future__ import annotations

import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks.screens import ledger  # noqa: E402
from caching.ledger import summing  # noqa: E402

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    ledger.fill(int(sys.argv[1]), ledger.now())
    summing.sum_days()
