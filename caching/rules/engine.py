"""The cache rule that applies to a request, and its effect on the caller's policy.

Checked before every look-up: without rules it costs a look at the clock and at the cached kinds of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.db.models.signals import post_delete, post_save

from caching.database import DatabaseUnavailable
from caching.database.tables import Table
from caching.models import CacheRule, QuestionKind, fits_model
from caching.models.curated import main_language, nfc
from caching.policy import LEVELS, CacheType, Level, Policy
from caching.redaction import remember
from caching.rules.kinds import Kind, kinds_of
from caching.semantic.text import language
from caching.semantic.text.reader import LETTER

# A changed rule holds in every worker within this time.
REMEMBERED_SECONDS = 5.0
REMEMBERED_REQUESTS = 2048
REMEMBERED_CHARACTERS = 1000
# Any question will do: reading one loads the tables of all languages.
_SAMPLE = "What is a cache?"
# A language shows in the first words of a text.
_LANGUAGE_CHARACTERS = 400
_WORD = re.compile(rf"{LETTER}+(?:['’]{LETTER}+)?")
# From here on a model is asked for something else each time.
CHANCE_TEMPERATURE = 1.5


class Request(NamedTuple):
    """The part of a request that conditions look at."""

    cache_type: CacheType
    client: str
    provider: str
    model: str
    language: str
    """As the request names it; empty: to be read from the text."""
    text: str
    kinds: Set[Kind] = frozenset()


class RuleBook:
    """All rules as they stood when it was made."""

    def __init__(self, rules: Iterable[CacheRule]) -> None:
        self.rules = list(rules)
        self._find_again = remember(REMEMBERED_REQUESTS)(self._find)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuleBook) and _values(self.rules) == _values(other.rules)

    __hash__ = None  # type: ignore[assignment]

    def find(self, request: Request) -> CacheRule | None:
        """Return the first rule whose conditions match."""
        return (self._find_again if len(request.text) <= REMEMBERED_CHARACTERS else self._find)(request)

    def _find(self, request: Request) -> CacheRule | None:
        folded = _folded(request.text)
        return next((rule for rule in self.rules if _fits(rule, request, folded)), None)


def _values(rules: Iterable[CacheRule]) -> list[dict[str, Any]]:
    return [{name: value for name, value in vars(rule).items() if name != "_state"} for rule in rules]


class Question(Protocol):
    """A question to a model, as far as rules look at it."""

    @property
    def asked_by(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def asked(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...


class SpokenText(Protocol):
    """A text to speak."""

    @property
    def model(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def text(self) -> str: ...


def prepare() -> None:
    """Load the tables of every language, a third of a second's work. Called when a server starts."""
    kinds_of(_SAMPLE)
    _language_of(_SAMPLE)


def apply_to_answer(policy: Policy, asked: Question) -> Policy:
    """Return what the rules leave of `policy` for a question to a model."""
    if not (policy.read or policy.write):
        return policy
    kinds, temperature = kinds_of(asked.asked), asked.params.get("temperature")
    if isinstance(temperature, int | float) and temperature >= CHANCE_TEMPERATURE:
        kinds = kinds | {"chance"}
    rule = _find("llm", asked.asked_by, asked.provider, asked.model, asked.language, asked.asked, kinds)
    if kinds and not (rule and rule.never_store):
        # A rule for all questions of a client does not mean these: only one that names their kind does.
        named = rule.kind if rule else ""
        for kind in kinds:
            if kind != named and not settings.CACHED_KINDS[kind]:
                # The detail of Cache-Status where no rule of staff applies.
                return _bypassed(policy, QuestionKind(kind).label)
    return _applied(rule, policy) if rule else policy


def apply_to_speech(policy: Policy, client: str, provider: str, speech: SpokenText) -> Policy:
    """Return what the rules leave of `policy` for a text to speak. It is of no kind: it sounds the same at any time."""
    if not (policy.read or policy.write):
        return policy
    rule = _find("tts", client, provider, speech.model, speech.language, speech.text)
    return _applied(rule, policy) if rule else policy


def _find(
    cache_type: CacheType,
    client: str,
    provider: str,
    model: str,
    language: str,
    text: str,
    kinds: Set[Kind] = frozenset(),
) -> CacheRule | None:
    book = rule_book()
    return book.find(Request(cache_type, client, provider, model, language, text, kinds)) if book.rules else None


def _applied(rule: CacheRule, policy: Policy) -> Policy:
    if rule.never_store:
        return _bypassed(policy, rule.name)
    return replace(
        policy,
        rule=rule.name,
        level=_stricter(policy.level, rule.level_at_most),
        seconds=rule.ttl,
        threshold=rule.threshold,
    )


def _bypassed(policy: Policy, name: str) -> Policy:
    return replace(policy, rule=name, read=False, write=False)


def _stricter(level: Level, at_most: str) -> Level:
    return min(level, at_most, key=LEVELS.index) if at_most in LEVELS else level


def _fits(rule: CacheRule, request: Request, folded: str) -> bool:
    return (
        rule.applies_to in ("", request.cache_type)
        and rule.client in ("", request.client)
        and rule.provider in ("", request.provider)
        and (not rule.model or fits_model(rule.model, request.model))
        and (not rule.kind or rule.kind in request.kinds)
        and _has_text(rule, folded)
        and (not rule.language or _is_language(rule.language, request))
    )


def _has_text(rule: CacheRule, folded: str) -> bool:
    if not rule.text:
        return True
    wanted = _folded(rule.text)
    return folded.startswith(wanted) if rule.text_match == "begins" else wanted in folded


def _folded(text: str) -> str:
    """Capitals do not matter, nor whether "ü" is one character or a letter and its mark."""
    return nfc(text.strip().casefold())


def _is_language(code: str, request: Request) -> bool:
    # Hindi in Latin letters (hi_latn) is Hindi, and so is hi-IN.
    spoken = request.language or _language_of(request.text[:_LANGUAGE_CHARACTERS])
    return main_language(spoken) == main_language(code)


@remember(1024)
def _language_of(text: str) -> str:
    return language.likely_language_of(_WORD.findall(text.lower()))


_books = Table[RuleBook](lambda _: RuleBook(CacheRule.objects.filter(enabled=True)), REMEMBERED_SECONDS)


def rule_book() -> RuleBook:
    """Return the enabled rules; the last known ones if the database is down."""
    try:
        return _books.now()
    except DatabaseUnavailable:
        return RuleBook([])


def forget(**kwargs: object) -> None:
    """Read the rules again at the next request. Called by signals too."""
    _books.forget()


post_save.connect(forget, sender=CacheRule)
post_delete.connect(forget, sender=CacheRule)
