"""Questions that an index is filled with, and pairs that mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

VERBS = (
    "activate", "block", "cancel", "change", "close", "download", "extend", "freeze", "insure", "lock", "move", "open",
    "pause", "print", "register", "renew", "repair", "reset", "return", "sell", "share", "track", "upgrade", "verify",
)  # fmt: skip
NOUNS = (
    "account", "address", "booking", "card", "contract", "delivery", "insurance", "invoice", "licence", "loan", "meter",
    "membership", "modem", "order", "parcel", "passport", "password", "phone", "policy", "router", "subscription",
    "ticket", "voucher", "warranty",
)  # fmt: skip


def pairs(count: int) -> list[tuple[str, str]]:
    """A question, and the same in other words, which a normalisation does not make equal."""
    chosen = islice(product(NOUNS, VERBS), count)
    return [(f"How do I {verb} my {noun}?", f"How can I {verb} my {noun}?") for noun, verb in chosen]


def others(count: int) -> Iterator[str]:
    """Questions that mean none of these."""
    return (f"What became of case {number} from {NOUNS[number % len(NOUNS)]} desk?" for number in range(count))
