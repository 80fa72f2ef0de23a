from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from caching.management.arguments import whole_number
from caching.management.base import GatewayCommand
from caching.models.audit import AuditAction
from speech.models import Client, ClientKey


class Command(GatewayCommand):
    help = (
        "Issue a new API key for a client. The last line of the output is the key, which is shown only once. The old "
        "one expires after the overlap, and so do those that it has replaced. All keys are listed with their end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client")
        parser.add_argument("--key", default="", metavar="NAME", help="name of the key, if the client has several")
        parser.add_argument(
            "--hours", type=whole_number(0, 87_600), default=24, metavar="N", help="overlap in hours (default: 24)"
        )

    def handle(self, *, client: str, key: str, hours: int, **options: Any) -> str:
        if not Client.objects.filter(name=client).exists():
            raise CommandError(f"unknown client: {client}")
        keys = list(ClientKey.objects.active().filter(client__name=client, expires=None).select_related("client"))
        found = [each for each in keys if key in ("", each.name)]
        if len(found) != 1:
            names = ", ".join(sorted(each.name for each in keys)) or "none"
            raise CommandError(f"name one key of {client} with --key; keys that do not expire: {names}")
        [old] = found
        before = list(ClientKey.objects.active().filter(client=old.client))
        successor = old.rotate(timedelta(hours=hours))
        until = f"{old.expires:%Y-%m-%d %H:%M} UTC"
        message = f"Rotated the key {old.name} ({old.key_hint}…); the old one expires {until}"
        self.record(AuditAction.CHANGED, message, about=old.client)
        for each in before:
            each.refresh_from_db()
            self.stdout.write(f'The key "{each.name}" ({each.key_hint}…) {_end(each)}')
        self.stdout.write(f'New API key "{successor.name}":')
        return successor.secret


def _end(key: ClientKey) -> str:
    if key.has_expired:
        return f"stopped at {key.expires:%Y-%m-%d %H:%M} UTC; within 30 seconds every worker has noticed"
    return f"works until {key.expires:%Y-%m-%d %H:%M} UTC" if key.expires else "works as before: it is another key"
