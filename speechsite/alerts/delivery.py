"""Messages to staff: by mail and to a webhook that takes Slack's form."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from smtplib import SMTPException
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.mail import send_mail

logger = logging.getLogger(__name__)

WEBHOOK_SECONDS = 10.0


def send_alert(subject: str, text: str) -> bool:
    """Send to every channel that is set up. Return True if at least one took it."""
    return any([*_mail(settings.ALERT_EMAILS, subject, text), *_webhook(subject, text)])


def send_report(subject: str, text: str) -> bool:
    return any(_mail(settings.REPORT_EMAILS, subject, text))


def _mail(recipients: list[str], subject: str, text: str) -> list[bool]:
    return [_tried("Mail", lambda: send_mail(subject, text, None, recipients))] if recipients else []


def _webhook(subject: str, text: str) -> list[bool]:
    if not settings.ALERT_WEBHOOK_URL:
        return []
    body = json.dumps({"text": f"*{subject}*\n{text}"}).encode()
    request = Request(settings.ALERT_WEBHOOK_URL, body, {"Content-Type": "application/json"})  # noqa: S310 (checked)

    def post() -> None:
        with urlopen(request, timeout=WEBHOOK_SECONDS):  # noqa: S310  # nosec B310
            pass

    return [_tried("The webhook", post)]


def _tried(channel: str, send: Callable[[], object]) -> bool:
    try:
        send()
    except (OSError, SMTPException, ValueError) as error:
        # Not the error's text: it may hold the address of the webhook, which is a secret.
        logger.warning("%s did not take a message: %s", channel, type(error).__name__)
        return False
    return True
