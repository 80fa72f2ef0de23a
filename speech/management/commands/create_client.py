from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from speech.models import Client


class Command(BaseCommand):
    help = "Create a client of the API. Its key stands alone on the last line of the output and is not shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *, name: str, **options: Any) -> str:
        try:
            _, key = Client.objects.create_with_key(name)
        except IntegrityError as error:
            raise CommandError(f"there is a client called {name} already") from error
        self.stdout.write(f"Created the client {name}. Its key:")
        return key
