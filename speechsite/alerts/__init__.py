"""Alerts and the weekly report, off unless somebody is to be told."""

from __future__ import annotations

from django.conf import settings

from caching.background import PeriodicWorker
from speechsite.alerts.rounds import ROUND_SECONDS, run_round

_worker = PeriodicWorker("alerts", run_round, ROUND_SECONDS)


def start() -> None:
    """Start the thread of alerts, in every worker; one of them runs each round."""
    if settings.ALERT_WEBHOOK_URL or settings.ALERT_EMAILS or settings.REPORT_EMAILS:
        _worker.start()
