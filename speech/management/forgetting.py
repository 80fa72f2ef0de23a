"""Delete a client with all of its data."""

from __future__ import annotations

import time
from dataclasses import asdict

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet

from caching.ledger.writer import FLUSH_SECONDS
from caching.maintenance import erasure, text_caches
from caching.models import AuditEntry
from caching.redis import store
from speech.management import transfer
from speech.models import Client, Receipt, StoredResponse
from speech.privacy import kept_seconds

FORGOTTEN = "(forgotten)"
# Until every worker has noticed that a client is switched off, and has written what it knew of it.
NOTICED_SECONDS = kept_seconds.KEYS + max(FLUSH_SECONDS, kept_seconds.BODIES)


def announce() -> None:
    """Let every worker drop what it keeps in memory, and wait until it has. Raises RedisFailed."""
    with store.must_succeed():
        text_caches.drop_everywhere()
    time.sleep(text_caches.POLL_SECONDS)


def forget(client: Client) -> str:
    """Delete an inactive client and its data, and return the counts. Totals stay without its name.

    Call it NOTICED_SECONDS after the client was switched off, and after `announce`. Raises FilesUnavailable and
    RedisFailed: something may be left, so that it must be called again.
    """
    traces = erasure.forget(client.name, client.holder)
    deleted = counts(client, traces)
    _log_entries(client).delete()
    _unname_in_audit(client)
    client.delete()
    return deleted


def exports(client: Client) -> list[str]:
    """Return the files of `cache_export` that may hold entries of the client, as the audit names them."""
    entries = AuditEntry.objects.of_entries().filter(object_repr="manage.py cache_export")
    messages = entries.filter(object_id__in=("", client.name)).values_list("change_message", flat=True)
    return sorted(set(filter(None, map(transfer.exported_file, messages))))


def counts(client: Client, traces: erasure.Traces) -> str:
    """Return a sentence of what is, or was, deleted."""
    numbers = asdict(traces)
    sums = numbers.pop("sums")
    numbers["curated answers"] = numbers.pop("curated")
    numbers["cache rules"] = numbers.pop("rules")
    numbers["receipts"] = Receipt.objects.filter(client=client).count()
    numbers["stored responses"] = StoredResponse.objects.filter(client=client).count()
    numbers["log entries"] = _log_entries(client).count()
    listed = ", ".join(f"{count:,} {name}" for name, count in numbers.items())
    return f"{listed}; {sums:,} hourly totals made anonymous"


def _log_entries(client: Client) -> QuerySet[LogEntry]:
    kind = ContentType.objects.get_for_model(Client)
    return LogEntry.objects.filter(content_type=kind, object_id=str(client.pk))


def _unname_in_audit(client: Client) -> None:
    """Take the client's name out of what staff did to its entries, but not out of the paths of files."""
    named = Q(change_message__contains=client.name) | Q(object_id=client.name)
    for entry in AuditEntry.objects.of_entries().filter(named):
        if not entry.object_id and transfer.exported_file(entry.change_message):
            continue
        entry.object_id = FORGOTTEN if entry.object_id == client.name else entry.object_id
        entry.object_repr = entry.object_repr.replace(client.name[:200], FORGOTTEN)
        entry.change_message = entry.change_message.replace(client.name, FORGOTTEN)
        entry.save(update_fields=["object_id", "object_repr", "change_message"])
