"""Verbs where other languages than English have them: last in an embedded question, and last behind another verb.

>>> " ".join(main_clause("was der Versand kostet".split(), "de"))
'was kostet der Versand'
>>> " ".join(main_clause("ob es Zimmer gibt".split(), "de"))
'gibt es Zimmer'
>>> " ".join(main_clause("hoe ik mijn adres kan wijzigen".split(), "nl"))
'hoe kan ik mijn adres wijzigen'
>>> " ".join(main_clause("si puedo pagar".split(), "es")), " ".join(main_clause("si je peux payer".split(), "fr"))
('puedo pagar', 'est-ce que je peux payer')
>>> infinitive_first("das Fenster öffnen".split(), "de"), infinitive_first("la puerta".split(), "es")
(['öffnen', 'das', 'Fenster'], ['la', 'puerta'])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import cache

from caching.semantic.text.folding import BREAK
from caching.semantic.text.lexicon import languages_with, table, words
from caching.semantic.text.stemming import inflected

_INFINITIVE = ("en", "ern", "eln")


def main_clause(embedded: list[str], language: str) -> list[str]:
    """An embedded question as a question of its own; unchanged if it begins with no word that asks."""
    whether = embedded[0] in words(language, "whether")
    if not whether and not asks_at(embedded, language):
        return embedded
    if not verb_is_last(language):
        return [*table(language).get("asks_whether", "").split(), *embedded[1:]] if whether else embedded
    last = len(embedded) - 1
    if last > 1 and embedded[last - 1] in words(language, "helping"):
        last -= 1
    verb, rest = embedded[last], [*embedded[:last], *embedded[last + 1 :]]
    if whether:
        return [verb, *rest[1:]]
    # "how much" and "which cards" end where the subject begins.
    first = asks_at(embedded, language)
    place = next((at for at in (first, first + 1) if at < len(rest) and rest[at] in _subjects(language)), first)
    return [*rest[:place], verb, *rest[place:]]


def verb_is_last(language: str) -> bool:
    return language in languages_with("verb_last")


def tells_by_order(language: str) -> bool:
    """Return True if a question of yes or no begins with its verb or with a word for it: "gibt es", "czy"."""
    return verb_is_last(language) or "asks_whether" in table(language)


def asks_at(embedded: Sequence[str], language: str) -> int:
    """Return how many words in front ask: "when", "at what"; 0 if none do."""
    asking = words(language, "question_words")
    if embedded[0] in asking:
        return 1
    return 2 if embedded[0] in words(language, "prepositions") and not asking.isdisjoint(embedded[1:2]) else 0


@cache
def _subjects(language: str) -> frozenset[str]:
    return words(language, "articles") | words(language, "speakers") | words(language, "pronouns")


def infinitive_first(spoken: list[str], language: str) -> list[str]:
    """ "(can you) das Fenster öffnen" as "öffne das Fenster": what a frame leaves behind ends with its verb.

    Behind a preposition, an article or a figure stands a noun: "(I want) ein Hotel in München".
    """
    if not verb_is_last(language) or len(spoken) < 2 or not spoken[-1].endswith(_INFINITIVE):
        return spoken
    before = spoken[-2]
    if before == BREAK or before.isdecimal() or before in words(language, "prepositions") | words(language, "articles"):
        return spoken
    return [spoken[-1], *spoken[:-1]]


def begins_with_verb(spoken: Sequence[str], language: str, *, framed: bool) -> bool:
    """Return True if the first word is that of an order: German "Termine heute" begins with a noun."""
    if not spoken:
        return False
    if not verb_is_last(language) or (framed and spoken[0].endswith(_INFINITIVE)):
        return True
    return spoken[0] in words(language, "commands") or not {BREAK, *_subjects(language)}.isdisjoint(spoken[1:2])


def standing_forms(
    spoken: Sequence[str], language: str, same: Mapping[str, str], times: Set[str], *, begins: bool
) -> list[str]:
    """Return what stands for all forms of each word, and for all words of `same` that mean what it means.

    `times`: their forms; `begins`: whether a verb stands in front.
    """
    forms = [inflected(word, language) for word in spoken]
    if language in languages_with("read_by_roots"):
        return [same.get(form, form) for form in forms]
    ruled = same.keys() | set(same.values())
    places = {0, len(forms) - 1} if verb_is_last(language) else {0}
    begins = begins and not (verb_is_last(language) and not ruled.isdisjoint(forms[-1:]))
    found = []
    for at, (word, form) in enumerate(zip(spoken, forms, strict=True)):
        # "cómo cancelar" is not "cómo cancela": one form stands for another in orders only.
        if "_" in word or (at in places and form in ruled):
            found.append(same.get(form, form))
        else:
            found.append(form if form in times or (begins and not at) else word)
    return found


def verb_forms(verbs: Sequence[str]) -> dict[str, str]:
    """ "turn", "turns" and "turning" to "turn", "get" and "getting" to "get"; a past form stays one."""
    bases = {base: verb for verb in verbs for base in (verb, verb + verb[-1], verb.removesuffix("e"))}
    present = {f"{base}ing": verb for base, verb in bases.items()} | {f"{verb}s": verb for verb in verbs}
    return present | {verb: verb for verb in verbs if verb not in present}
