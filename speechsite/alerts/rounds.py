"""A round: check every condition, open and close alerts, and send what is new in one message."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from speechsite.alerts import report
from speechsite.alerts.conditions import CONDITIONS
from speechsite.alerts.delivery import send_alert, send_report
from speechsite.models import Alert, Schedule

logger = logging.getLogger(__name__)

ROUND_SECONDS = 60.0
# Shorter than a round, so that a worker is never too early for its own next one.
CLAIMED = timedelta(seconds=ROUND_SECONDS * 0.9)
REPORT_WEEKDAY, REPORT_HOUR = 0, 7


def run_round() -> None:
    now = timezone.now()
    if (settings.ALERT_WEBHOOK_URL or settings.ALERT_EMAILS) and Schedule.objects.claim("alerts", now + CLAIMED):
        check_conditions()
        send_news()
    if settings.REPORT_EMAILS and Schedule.objects.claim("report", next_report(now), first=next_report(now)):
        send_report(*report.weekly())


def check_conditions() -> None:
    """Open an alert for each new problem, and close those whose problem is gone."""
    for condition in CONDITIONS:
        try:
            problems = list(condition())
        except Exception:
            # The others are checked, and open alerts of this one stay open.
            logger.exception("A condition of alerts cannot be checked: %s", condition.__name__)
            continue
        Alert.objects.settle(condition.__name__, {problem.subject: problem.message for problem in problems})


def send_news() -> None:
    """Send what was not sent yet. What no channel takes is sent in the next round."""
    untold = list(Alert.objects.untold())
    if not untold:
        return
    lines = [f"{alert.news}: {alert.message}" for alert in untold]
    subject = lines[0] if len(lines) == 1 else f"{len(lines)} alerts of the speech gateway"
    if send_alert(subject[:150], "\n".join(lines)):
        Alert.objects.mark_told(untold)


def next_report(now: datetime) -> datetime:
    """Return the next Monday at seven o'clock (UTC)."""
    today = now.replace(hour=REPORT_HOUR, minute=0, second=0, microsecond=0)
    following = today + timedelta(days=(REPORT_WEEKDAY - now.weekday()) % 7)
    return following if following > now else following + timedelta(days=7)
