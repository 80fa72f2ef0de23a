"""Questions that fill an index, and paraphrases."""

from __future__ import annotations

import random
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

WHOSE = ("my", "the", "her", "his", "our", "this")
KINDS = (
    "business", "cheap", "damaged", "digital", "expired", "family", "foreign", "joint", "late", "lost", "monthly",
    "new", "old", "online", "private", "shared", "student", "temporary", "travel", "wrong",
)  # fmt: skip
PLACES = (
    "abroad", "at home", "at the airport", "at the branch", "before friday", "by mail", "by phone", "for a friend",
    "from the app", "in person", "in the evening", "on the website", "over the weekend", "without a code",
    "while travelling",
)  # fmt: skip


def pairs(count: int) -> list[tuple[str, str]]:
    """A question and a paraphrase that differs after normalization."""
    chosen = islice(product(NOUNS, VERBS), count)
    return [(f"How do I {verb} my {noun}?", f"How can I {verb} my {noun}?") for noun, verb in chosen]


def many(count: int) -> list[str]:
    """Up to a million shuffled questions made of few words, so that each has near neighbors."""
    parts = list(product(VERBS, WHOSE, KINDS, NOUNS, PLACES))
    random.Random(0).shuffle(parts)
    return [f"How do I {verb} {whose} {kind} {noun} {place}?" for verb, whose, kind, noun, place in parts[:count]]


def reworded(question: str) -> str:
    """A paraphrase of one of `many`."""
    return question.replace("How do I", "How can I")


def others(count: int) -> Iterator[str]:
    """Questions that match none of these."""
    return (f"What became of case {number} from {NOUNS[number % len(NOUNS)]} desk?" for number in range(count))
