"""Answers that staff wrote, served before the cache, with or without Redis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import product

from django.conf import settings
from django.db.models.signals import post_delete, post_save

from caching import keys, result
from caching.database import DatabaseUnavailable
from caching.database.tables import Table
from caching.entry import CacheEntry
from caching.llm.entry import WholeAnswer
from caching.llm.request import HARMLESS_PARAMS, MAX_CHARACTERS, ChatQuery
from caching.models import CuratedAnswer
from caching.models.curated import main_language, nfc
from caching.policy import Level, Policy
from caching.pricing.usage import Usage
from caching.redaction import excerpt, remember
from caching.result import CacheResult
from caching.semantic.text.normalize import normalize

# Stands for the provider in the response and in the ledger.
PROVIDER = "curated"
# Owner of the answers for all clients that share.
SHARED = ""
# A change takes effect in every worker within this time.
REMEMBERED_SECONDS = 5.0
# Kept when the table changes, because a wording takes 0.1 ms.
_folded = remember(100_000)(normalize)
_NO_TOKENS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}

# None: two answers claim the same words.
_ByLanguage = dict[str, CuratedAnswer | None]
# By owner, context and wording.
_ByWording = Mapping[tuple[str, str, str], _ByLanguage]


class AnswerBook:
    """All enabled answers as they stood when it was made."""

    def __init__(self, answers: Iterable[CuratedAnswer], version: object = None) -> None:
        self.answers, self.version = list(answers), version

    def find(self, owner: str, text: str, language: str, level: Level, context: str = "") -> CuratedAnswer | None:
        """Return the answer of `owner` to `text`. `language`: as the request names it, or "".

        `context`: of the request, for answers that were pinned from an entry with the same one.

        At `quality` the text must be equal. Elsewhere it may have the same words, if the semantic cache is on.
        """
        text = nfc(text.strip())
        if found := _in_language(self._exact.get((owner, context, text), {}), language):
            return found
        if level == "quality" or settings.SEMANTIC_MODE != "on" or len(text) > MAX_CHARACTERS:
            return None
        return _in_language(self._same_words.get((owner, context, normalize(text)), {}), language)

    @cached_property
    def has_pinned(self) -> bool:
        return any(answer.is_pinned for answer in self.answers)

    @cached_property
    def _exact(self) -> _ByWording:
        # `clean` refuses a second answer to the same text, but the database does not.
        return self._by_wording(str, keeps_first=True)

    @cached_property
    def _same_words(self) -> _ByWording:
        return self._by_wording(_folded)

    def _by_wording(self, folded: Callable[[str], str], *, keeps_first: bool = False) -> _ByWording:
        found: dict[tuple[str, str, str], _ByLanguage] = {}
        for answer in self.answers:
            for wording in answer.each_wording:
                by_language = found.setdefault((answer.client, answer.context, folded(wording)), {})
                same = by_language.setdefault(answer.main_language, answer)
                if same is not answer and not keeps_first:
                    by_language[answer.main_language] = None
        return found


def find(query: ChatQuery, policy: Policy, *, shares: bool) -> CuratedAnswer | None:
    """Return the pinned or curated answer to a question. `shares`: its client is in the shared scope.

    A pinned answer is for requests with the context of its entry. For the others, the text of a question says all that
    is asked only without earlier turns, system prompt, tools and parameters that change the form of the answer.
    """
    book = answer_book()
    if not (policy.read and book.answers):
        return None
    contexts = [query.context] if book.has_pinned and query.asks_in_text else []
    contexts += [""] if is_single_question(query) else []
    owners = [query.asked_by, SHARED] if shares else [query.asked_by]
    for context, owner in product(contexts, owners):
        if found := book.find(owner, query.text, main_language(query.language), policy.level, context):
            return found
    return None


def is_single_question(query: ChatQuery) -> bool:
    """Return True if the answer depends on nothing but one text of the user."""
    if len(query.messages) != 1 or not set(query.params) <= HARMLESS_PARAMS:
        return False
    message = query.messages[0]
    return (
        message.get("role") == "user" and message.keys() <= {"role", "content"} and isinstance(message["content"], str)
    )


def key_of(answer: CuratedAnswer) -> str:
    """Return the key under which the ledger counts its hits. Redis holds nothing there."""
    return keys.exact_key(PROVIDER, keys.content_of(answer.pk))


def answer_book() -> AnswerBook:
    """Return the enabled answers; the last known ones if the database is down."""
    try:
        return _books.now()
    except DatabaseUnavailable:
        return AnswerBook([])


def forget(**kwargs: object) -> None:
    """Read the answers again at the next request. Called by signals too."""
    _books.forget()


def _in_language(answers: _ByLanguage, language: str) -> CuratedAnswer | None:
    """Return the answer in `language`, or in any; for a request that names none, the only one there is."""
    if not language and len(answers) == 1:
        return next(iter(answers.values()))
    return answers.get(language) or answers.get("")


def hit(query: ChatQuery, policy: Policy, found: CuratedAnswer) -> CacheResult[WholeAnswer]:
    """Return what `find` has found as a hit, and count it."""
    message = {"role": "assistant", "content": found.answer}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    # The table is the origin of the answer, so its age is 0 (RFC 9111, section 4.2.3).
    entry = CacheEntry(WholeAnswer([choice], query.model, _NO_TOKENS), Usage(), time.time(), 0, policy.level)
    subject = f"query: {excerpt(query.text if policy.write else '')}"
    return result.hit("llm", key_of(found), policy, entry, subject=subject)


def _read(last: AnswerBook | None) -> AnswerBook:
    """Read the answers, unless nothing has changed since `last`."""
    enabled = CuratedAnswer.objects.filter(enabled=True)
    version: Sequence[object] = enabled.version()
    return last if last and last.version == version else AnswerBook(enabled, version)


_books = Table(_read, REMEMBERED_SECONDS)
post_save.connect(forget, sender=CuratedAnswer)
post_delete.connect(forget, sender=CuratedAnswer)
