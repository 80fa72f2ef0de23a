"""Detection of personal text, which must not be stored in the shared scope.

Anything that could belong to one caller counts as personal: numbers in any form, money, dates and times, internet
addresses, spelled-out codes. Number words are known in English, Hindi and Hinglish; text in any other script counts
as personal. A false positive costs one synthesis, a false negative reveals personal data: in doubt, text is personal.

Names are detected by a capital inside a sentence, a title, or जी after a word. A name at the beginning ("Priya, are
you there?") is not: the shared scope therefore also requires that several clients have used the sentence.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from caching.redaction import remember
from speech.privacy import vocabulary

# "One" and एक are mostly an article or part of a set phrase, and those are what bots say most. Anything else counts.
_AFTER_ONE = r"moment|second|sec|minute|min|more|of|last|other|another|by one|time|thing|quick|question|place"
_BEFORE_ONE = r"this|that|which|no|each|every|any|another|the right|the same|the wrong|a new|loved"
_AFTER_EK = (
    r"minute|min|second|sec|pal|kshan|baar|bar|aur|sawaal|sawal|baat|chhota sa|chhoti si|naya|nayi|nai|"
    r"link|message|otp|sms|call|मिनट|सेकंड|सेकेंड|पल|क्षण|बार|और|सवाल|प्रश्न|बात|दूसरे|साथ|ही|छोटा सा|छोटी सी|नया|नई|"
    r"लिंक|संदेश|मैसेज|ओटीपी|कॉल|शिकायत|अनुरोध"
)

REMEMBERED_SENTENCES = 1024


def _words(text: str) -> list[str]:
    """Return lower-case words of letters and marks, with one spelling for each Devanagari word.

    Nukta and joiners are dropped (हज़ार is also written हजार), candrabindu becomes anusvara (पाँच, पांच).
    """
    folded = unicodedata.normalize("NFKD", text).casefold().replace("\u0901", "\u0902")
    folded = re.sub("[\u093c\u200b-\u200d\u2019']", "", folded)
    return "".join(c if unicodedata.category(c)[0] in "LM" else " " for c in folded).split()


_NUMBERS = frozenset(_words(f"one {vocabulary.ENGLISH} {vocabulary.CALENDAR} {vocabulary.HINDI} {vocabulary.HINGLISH}"))
_AMBIGUOUS = frozenset(_words(vocabulary.AMBIGUOUS))
_UNITS = frozenset(_words(vocabulary.UNITS))
_SPELLING = frozenset(_words(vocabulary.SPELLING))
_RESPECT = frozenset(("जी", "ji"))
_BEFORE_RESPECT = frozenset(_words(vocabulary.BEFORE_RESPECT))
_HINDI_TITLES = frozenset(_words("श्री श्रीमती सुश्री डॉ डॉक्टर"))
_HINDI_LETTERS = frozenset(_words(vocabulary.HINDI_LETTERS))

_IDIOM = re.compile(
    rf"(?<!\S)(?:one (?:{_AFTER_ONE})|(?:{_BEFORE_ONE}) one|one on one|(?:ek|एक) (?:{_AFTER_EK}))(?!\S)"
    rf"(?! (?:{'|'.join(sorted(_UNITS))})(?!\S))"
)

_ADDRESS = re.compile(
    r"@|://|\bwww\b|\w\.(?:com|in|org|net|co|io|gov|edu|info|ai|app)\b"
    r"|\b(?:dot|at) (?:com|in|org|net|co|gmail|yahoo|hotmail|outlook)\b|\bat the rate\b|डॉट|एट द रेट",
    re.IGNORECASE,
)
# Two capitals ("P Q"), three letters of any case, letters explained ("B as in Bombay"), six capitals (a booking code).
_SPELLED_OUT = re.compile(
    r"\b[A-Z](?:[\s-]+[A-Z]\b)+|\b[A-Za-z](?:[\s,.-]+[A-Za-z]\b){2,}|\b[A-Z] (?:for|as in) \w|\b[A-Z]{6,}\b"
)
_MONEY = re.compile(r"\b(?:rs|inr|usd|eur|gbp)\b", re.IGNORECASE)
# A capital inside a sentence: people, companies, places, months. What only one company says gains nothing from sharing.
_NAME = re.compile(
    r"(?:[^\W\d_]|[,;'’)-]|\b(?:Mr|Mrs|Ms|Dr|Prof|Smt|Shri)\.)\s+[\"'“‘(]?"
    r"(?!(?:I|Wi-Fi|English|Hindi|Internet)\b)[A-ZÀ-Þ]['’]?[a-zß-ÿ]"
)


@remember(REMEMBERED_SENTENCES)
def is_shareable(text: str) -> bool:
    """Return True if nothing in this sentence could belong to one caller only."""
    return not (
        any(_is_number_or_money(character) or not _is_known_script(character) for character in set(text))
        or _ADDRESS.search(text)
        or _SPELLED_OUT.search(text)
        or _MONEY.search(text)
        or _NAME.search(text)
        or _names_a_number_or_person(text)
    )


def has_figures(text: str) -> bool:
    """Return True if this text holds digits, money or an internet address."""
    return bool(any(map(_is_number_or_money, text)) or _ADDRESS.search(text) or _MONEY.search(text))


def _is_number_or_money(character: str) -> bool:
    return unicodedata.numeric(character, None) is not None or unicodedata.category(character) == "Sc"


def _is_known_script(character: str) -> bool:
    if not character.isalpha():
        return True
    return unicodedata.name(character, "").startswith(("LATIN", "DEVANAGARI", "FEMININE", "MASCULINE"))


def _names_a_number_or_person(text: str) -> bool:
    words = _IDIOM.sub("", " ".join(_words(text))).split()
    pairs = list(pairwise(words))
    return (
        any(word in _NUMBERS for word in words)
        or any(first in _AMBIGUOUS and second in _UNITS for first, second in pairs)
        or any(second in _RESPECT and first not in _BEFORE_RESPECT for first, second in pairs)
        or any(first in _HINDI_TITLES for first, _ in pairs)
        or any(first in _SPELLING and second in _SPELLING for first, second in pairs)
        or any(_HINDI_LETTERS.issuperset(words[at : at + 3]) for at in range(len(words) - 2))
    )
