"""One spelling for questions that differ in nothing but spelling, politeness and the fillers of speech.

Two questions that normalise to the same text share an answer at every level, `quality` included, so nothing that can
change an answer is folded: negation, numbers, names, question words, word order, "can you" against "can i".

>>> for text in [
...     "What's the   weather?", "can you tell me what is the weather, please",
...     "um, Hey, set an alarm for seven p.m.", "set an alarm for 7:00 PM",
...     "I can't log in", "Wake me at twenty five past nine",
...     "send $1,500 to Ravi", "send 1500 dollars to Ravi",
...     "कृपया मुझे बता दो ज़रा मेरा बैलेंस कितना है?", "mera balance kitna hai please bata do",
...     "is 5 * 3 > 2.5?", "C++ or C#?", "news from the US",
... ]:
...     print(normalize(text))
what is the weather
what is the weather
set an alarm for 7 pm
set an alarm for 7 pm
i can not log in
wake me at 25 past 9
send 1500 dollars to ravi
send 1500 dollars to ravi
मेरा बैलेंस कितना है
mera balance kitna hai
is 5 × 3 > 2.5
c++ or c#
news from the u.s

Not folded:

>>> pairs = [
...     ("can i cancel my order", "can you cancel my order"), ("turn it on", "turn it off"),
...     ("do not call me", "call me"), ("fifteen percent", "fifty percent"), ("is it 5-3", "is it 53"),
...     ("who is he", "where is he"), ("मत भेजो", "भेजो"), ("paise aaye", "paise nahi aaye"),
...     ("a song", "the song"), ("पांच", "पचास"), ("tell me a joke", "tell me a story"),
... ]
>>> any(normalize(a) == normalize(b) for a, b in pairs)
False
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from caching.semantic.text.fillers import drop_courtesy
from caching.semantic.text.lexicon import language_of, table, words
from caching.semantic.text.numbers import fold_numbers

# Zero-width characters, soft hyphen and variation selectors: they change how a word looks, not which word it is.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
# People type Hindi with and without the nukta, and either nasal sign for the other.
_DEVANAGARI = str.maketrans({"\u093c": None, "\u0901": "\u0902"})
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'"})
# Case folding would make a country of a pronoun, or a body of a question.
_ACRONYMS = re.compile(r"\b(?:US|IT|WHO)\b(?!')")
_CURRENCIES = {"$": "dollars", "₹": "rupees", "€": "euros", "£": "pounds", "¥": "yen"}
_CURRENCY = re.compile(r"([$₹€£¥])\s?(\d[\d,]*(?:\.\d+)?)|\b(?:rs|inr)\.?\s?(\d[\d,]*(?:\.\d+)?)")
_CLOCK = re.compile(r"\b(\d{1,2})(?:\s?:\s?00)?\s?([ap])\.?\s?m\b\.?|(?<=\d)\s:\s(?=\d\d(?!\d))")
# A word is letters with their combining marks and figures, held together by what stands inside names and numbers.
_TOKEN = re.compile(
    r"-?\d+(?:[.,:/-]\d+)*(?:[^\W\d_]+\d*)*%?"
    r"|c\+\+|[cf]\#|\.net\b"
    r"|[\w\u0900-\u0dff]+(?:['.@_/&-][\w\u0900-\u0dff]+)*"
    r"|[^\w\s]"
)
# Most questions: of these the words are tokens as they are.
_PLAIN = re.compile(r"([a-z0-9 ]*)[.?!]*")
_DROPPED = frozenset(".,;:!?…\"'()[]{}-–—~|_।॥¿¡،؟。、「」«»“”„‹›•*#/\\<>=+^@&")
_OPERATORS = {
    "*": "×",
    "×": "×",
    "÷": "÷",
    "/": "/",
    "+": "+",
    "-": "-",
    "<": "<",
    ">": ">",
    "=": "=",
    "^": "^",
    "(": "(",
    ")": ")",
}
_HAS_OPERATOR = re.compile(r"\d\s*[-+*×÷/<>=^]\s*[\d(]|[=<>^]")
# Single characters that most texts have not: these are looked for much faster than what begins in one of two ways.
_FIGURE, _MONEY, _HALF_DAY = re.compile(r"\d"), re.compile("[$₹€£¥]"), re.compile(r"\d\s?[ap]\.?\s?m")
_OPERATOR = re.compile("[-+*×÷/<>=^]")


@lru_cache(1024)
def normalize(text: str) -> str:
    """Words separated by single spaces. Never empty for a text that is not; idempotent for plain questions."""
    folded = _fold_characters(text)
    tokens = _tokens(folded, keep_operators=bool(_OPERATOR.search(folded) and _HAS_OPERATOR.search(folded)))
    language = language_of(tokens)
    if language:
        tokens = _expand(tokens, language)
        tokens = fold_numbers(drop_courtesy(tokens, language), language)
    return " ".join(tokens) or " ".join(folded.split())


def plain(text: str) -> str:
    """All that `normalize` does to most questions, in a twentieth of its time."""
    return " ".join(text.lower().rstrip(" .?!").split())


def _fold_characters(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).translate(_DEVANAGARI).translate(_APOSTROPHES)
        text = "".join(str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char for char in text)
    if not text.isupper():
        text = _ACRONYMS.sub(lambda match: ".".join(match[0]), text)
    text = text.casefold()
    if _FIGURE.search(text):
        if _MONEY.search(text) or "rs" in text or "inr" in text:
            text = _CURRENCY.sub(_currency, text)
        if ":" in text or _HALF_DAY.search(text):
            text = _CLOCK.sub(lambda match: f"{match[1]} {match[2]}m " if match[1] else ":", text)
    return text


def _currency(match: re.Match[str]) -> str:
    amount = match[2] or match[3]
    return f"{amount} {_CURRENCIES[match[1]] if match[1] else 'rupees'}"


def _tokens(text: str, *, keep_operators: bool) -> list[str]:
    if plain := _PLAIN.fullmatch(text):
        return plain[1].split()
    found: list[str] = []
    for token in _TOKEN.findall(text):
        if len(token) == 1 and not token.isalnum():
            if keep_operators and token in _OPERATORS:
                found.append(_OPERATORS[token])
            elif token not in _DROPPED:
                found.append(token)
        elif token[-1] == "%":
            found += [token[:-1], "percent"]
        else:
            found.append(token)
    return found


def _expand(tokens: list[str], language: str) -> list[str]:
    """Contractions and common misspellings in full; hyphens inside words opened."""
    expanded: list[str] = []
    spellings = _spellings(language)
    for token in tokens:
        if token in spellings:
            expanded += spellings[token].split()
        elif "'" in token:
            expanded += _clitic(token)
        elif "-" in token[1:] and not any(map(str.isdigit, token)):
            expanded += token.split("-")
        elif "&" in token:
            expanded += token.replace("&", " and ").split()
        else:
            expanded.append(token)
    return expanded


@cache
def _spellings(language: str) -> dict[str, str]:
    english: dict[str, str] = table("en")["contractions"]
    own: dict[str, str] = table(language)["contractions"]
    return {**english, **own}


_CLITICS = {"re": "are", "ll": "will", "ve": "have", "m": "am", "d": "would"}


def _clitic(token: str) -> list[str]:
    """ "you're" in full; "john's" keeps its s, since a possessive and a plural sound the same."""
    stem, _, tail = token.rpartition("'")
    if tail == "t" and stem.endswith("n"):
        return [stem[:-1], "not"]
    if tail == "s" and stem in words("en", "clitic_is"):
        return [stem, "is"]
    if tail in _CLITICS:
        return [stem.replace("'", ""), _CLITICS[tail]]
    return [token.replace("'", "")]
