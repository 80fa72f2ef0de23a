from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import IntegrityError

from caching.management.base import GatewayCommand
from caching.models.audit import AuditAction
from speech.models import Client

FIELDS = (
    "shared_scope",
    "requests_per_minute",
    "daily_budget_usd",
    "monthly_budget_usd",
    "daily_entries",
    "allowed_models",
    "scope_by_user",
    "never_store",
)


class Command(GatewayCommand):
    help = "Create an API client. The last line of the output is its key, which is shown only once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--shared-scope", action="store_true", help="share impersonal entries with other sharing clients"
        )
        parser.add_argument("--requests-per-minute", type=int, metavar="N", help="limit within any 60 seconds")
        parser.add_argument("--daily-budget-usd", type=_amount, metavar="AMOUNT", help="spending limit per UTC day")
        parser.add_argument(
            "--monthly-budget-usd", type=_amount, metavar="AMOUNT", help="spending limit per calendar month (UTC)"
        )
        parser.add_argument("--daily-entries", type=int, metavar="N", help="new cache entries per UTC day")
        parser.add_argument(
            "--allowed-models", default="", metavar="PATTERNS", help="such as openai/gpt-6*,espeak (default: all)"
        )
        parser.add_argument("--scope-by-user", action="store_true", help="keep entries of its end users apart")
        parser.add_argument("--never-store", action="store_true", help="never store its prompts or responses")

    def handle(self, *, name: str, **options: Any) -> str:
        try:
            client, key = Client.objects.create_with_key(name, **{field: options[field] for field in FIELDS})
        except IntegrityError as error:
            raise CommandError(f"a client named {name} already exists") from error
        except ValidationError as error:
            problems = "; ".join(f"{field}: {' '.join(found)}" for field, found in error.message_dict.items())
            raise CommandError(problems) from error
        self.record(AuditAction.ADDED, "Created with its first key", about=client)
        self.stdout.write(f"Created client {name}. API key:")
        return key


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise ArgumentTypeError(f"must be a number, not {text!r}") from error
    if not amount.is_finite():
        raise ArgumentTypeError(f"must be a finite number, not {text!r}")
    return amount
