"""Vetoes: reasons why a stored answer cannot be right, whatever the similarity.

Each is cheap, deterministic and explainable, and has a name that is stored with the decision. They compare analysed
questions, so an entry is read once, not once per search.
"""

from __future__ import annotations

from caching.semantic.alignment import unmatched_words
from caching.semantic.roles import exchanged
from caching.semantic.text.analysis import Question

# Named on one side only, these rarely change an answer: "weather for the day", "after I paid".
_VAGUE_TIMES = frozenset({"day", "after", "before", "until"})

_IN_BOTH_LANGUAGES = frozenset(["do", "me", "on", "to", "so", "in", "is", "us", "the", "please"])


def numbers(a: Question, b: Question) -> bool:
    return a.numbers != b.numbers


def identifiers(a: Question, b: Question) -> bool:
    return a.identifiers != b.identifiers


def units(a: Question, b: Question) -> bool:
    """A unit that only one side names counts where there is an amount: "how many inches" may be "how much"."""
    return a.units != b.units and bool((a.units and b.units) or a.numbers)


def times(a: Question, b: Question) -> bool:
    """Vague ones count beside others only: "after lunch" is not "lunch"."""
    clear_a, clear_b = a.times - _VAGUE_TIMES, b.times - _VAGUE_TIMES
    return clear_a != clear_b or (bool(clear_a) and a.times != b.times)


def negation(a: Question, b: Question) -> bool:
    return a.negations % 2 != b.negations % 2


def opposites(a: Question, b: Question) -> bool:
    """For some contrast each side names an alternative that the other does not."""
    only_a, only_b = a.contrasts - b.contrasts, b.contrasts - a.contrasts
    return bool(only_a and only_b) and not {name for name, _ in only_a}.isdisjoint(name for name, _ in only_b)


def actions(a: Question, b: Question) -> bool:
    """Each side names an action that the other does not: "cancel" against "change"."""
    return bool(a.actions - b.actions) and bool(b.actions - a.actions)


def question_word(a: Question, b: Question) -> bool:
    """ "When" against "where"; a command that asks nothing by a question word is left to the decision."""
    return bool(a.asks and b.asks) and a.asks != b.asks


def mood(a: Question, b: Question) -> bool:
    """ "Is my alarm set?" against "set my alarm"."""
    return (
        (a.mood == "whether") != (b.mood == "whether")
        and "ask" not in (a.mood, b.mood)
        and bool(a.actions and b.actions)
    )


def persons(a: Question, b: Question) -> bool:
    """ "my card" against "your card"; one side may leave it out."""
    return bool(a.persons - b.persons) and bool(b.persons - a.persons)


def roles(a: Question, b: Question) -> bool:
    return exchanged(a, b)


def names(a: Question, b: Question) -> bool:
    """Each side has a capitalised word that the other lacks. Speech has no capitals: there its weight must do."""
    return not a.names <= b.words and not b.names <= a.words


def substitution(a: Question, b: Question) -> bool:
    """Outside English the embedder knows no synonyms: a word in the place of another is taken for another thing."""
    if a.language == "en":
        return False
    only_a, only_b, _ = unmatched_words(a, b)
    return bool(only_a and only_b)


def language(a: Question, b: Question) -> bool:
    """Short Hinglish without a Hindi word of grammar looks like English; it needs an English one to be taken for it."""
    if a.language == b.language:
        return False
    if {a.language, b.language} == {"en", "hi_latn"}:
        english = a if a.language == "en" else b
        return not english.function <= _IN_BOTH_LANGUAGES
    return True


GUARDS = (
    language,
    numbers,
    identifiers,
    units,
    times,
    negation,
    opposites,
    actions,
    question_word,
    mood,
    persons,
    roles,
    names,
    substitution,
)


def vetoes(a: Question, b: Question) -> list[str]:
    """Return the names of all guards that reject the pair. Symmetric."""
    return [guard.__name__ for guard in GUARDS if guard(a, b)]
