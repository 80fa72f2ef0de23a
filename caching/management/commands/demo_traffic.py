from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from caching.maintenance import sample_traffic
from caching.management.arguments import whole_number
from caching.management.base import GatewayCommand
from caching.models.audit import AuditAction


class Command(GatewayCommand):
    help = "Fill the dashboard with sample data: invented, marked traffic, in no total of real money."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=whole_number(1, 365), default=sample_traffic.DAYS, help="days up to now")
        parser.add_argument("--remove", action="store_true", help="delete all sample data")

    def handle(self, *, days: int, remove: bool, **options: Any) -> None:
        if remove:
            removed = sample_traffic.remove()
            self.record(AuditAction.DELETED, f"Deleted the sample data of {removed:,} requests")
            self.stdout.write(f"Deleted the sample data of {removed:,} requests.")
            return
        requests = sample_traffic.fill(days)
        self.record(AuditAction.ADDED, f"Added sample data of {requests:,} requests")
        self.stdout.write(f"Added sample data of {requests:,} requests in {days} days. Delete it with --remove.")
