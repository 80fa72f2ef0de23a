"""Feedback of clients on answers."""

from __future__ import annotations

import uuid

from caching.feedback import verdicts
from caching.models import Call, Judge, Verdict
from speech import answer_ids
from speech.models import Client, Receipt


def give(*, client: Client, id: str, correct: bool, comment: str = "") -> int | None:
    """Apply feedback at once. Return the number of deleted entries; None for an id that this client never received.

    `id` names an answer, or the receipt of a voice turn.
    """
    answer = answer_ids.read(client, _of_receipt(client, id) or id)
    if answer is None:
        return None
    call = Call.objects.filter(match=answer.match).first() if answer.pair else None
    use = verdicts.Use(
        answer.match,
        answer.key,
        answer.pair,
        answer.level,
        client.name,
        call.question if call else "",
        call.matched if call else "",
        call.probability if call else None,
    )
    return verdicts.give(
        use, Judge.CLIENT, Verdict.RIGHT if correct else Verdict.WRONG, "" if client.never_store else comment
    )


def _of_receipt(client: Client, id: str) -> str:
    try:
        receipt = Receipt.objects.fresh().filter(id=uuid.UUID(id), client=client).first()
    except ValueError:
        return ""
    return str(receipt.body["chat"].get("id", "")) if receipt else ""
