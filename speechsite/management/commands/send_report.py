from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from caching.management.base import GatewayCommand
from speechsite.alerts import report
from speechsite.alerts.delivery import send_report


class Command(GatewayCommand):
    help = "Send the report of savings to REPORT_EMAILS now; the gateway itself does so every Monday."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--print", action="store_true", dest="only_print", help="print it instead")

    def handle(self, *, only_print: bool, **options: Any) -> str:
        subject, text = report.weekly()
        if only_print:
            return f"{subject}\n\n{text}"
        if not settings.REPORT_EMAILS:
            raise CommandError("REPORT_EMAILS is empty: set it, or use --print")
        if not send_report(subject, text):
            raise CommandError("the mail server did not take it")
        return f"Sent to {', '.join(settings.REPORT_EMAILS)}"
