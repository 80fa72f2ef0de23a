"""Options of `cache_export` and `cache_import`, and the clients of this installation."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections import Counter
from itertools import chain
from pathlib import Path

from django.core.management.base import CommandError

from caching.maintenance.exporting import ExportScopes
from caching.maintenance.selection import KINDS_BY_NAME
from speech.models import Client
from speech.privacy import shared_scope

# `exported_file` reads the message that `export_record` writes.
_EXPORTED = re.compile(r"Exported [\d,]+ entries to (/.+): ")


def export_record(exported: int, file: Path, entries: str) -> str:
    """Return the message of the audit for an export of `exported` of the described `entries` to `file`."""
    return f"Exported {exported:,} entries to {file.resolve()}: {entries}"


def exported_file(message: str) -> str | None:
    """Return the file that a message of the audit says was exported, or None."""
    match = _EXPORTED.match(message)
    return match and match[1]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="JSON Lines; compressed if its name ends in .gz")
    parser.add_argument("--client", default="", help="entries of this client only")
    parser.add_argument("--kind", action="append", choices=sorted(KINDS_BY_NAME), help="may be given several times")


def kinds_of(names: list[str] | None) -> tuple[str, ...]:
    return tuple(chain.from_iterable(KINDS_BY_NAME[name] for name in names or KINDS_BY_NAME))


def scopes() -> ExportScopes:
    """Return the scopes of all clients whose entries may be stored."""
    clients = Client.objects.filter(never_store=False)
    return ExportScopes({client.name: client.private_scope for client in clients}, shared_scope.scope())


def demand_storing(name: str, known: ExportScopes) -> None:
    """Raise CommandError for a client that does not exist, or whose entries are never stored."""
    if name in known.private:
        return
    if Client.objects.filter(name=name).exists():
        raise CommandError(f"client {name} is never stored")
    raise CommandError(f"unknown client: {name}")


def listed(reasons: Counter[str]) -> str:
    return "".join(f"\n  {count:,} {reason}" for reason, count in sorted(reasons.items()))
