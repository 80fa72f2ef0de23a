"""The same words: one spelling for questions that differ in nothing that could be meant.

Two questions that normalise to the same text share an answer at every level, `quality` included. Folded are white
space, a capital at the start of a sentence and in "I", final full stops, the question mark of what is a question
without it, forms of Unicode that look and mean the same, contractions (with a space for the apostrophe too, as speech
recognizers write them), number words that count something, and greetings, "um", "please" and "thanks" at the very
beginning or end:

>>> for text in [
...     "What's the   weather?", "um, Hey, what is the weather, please.", "Set an alarm for seven a.m.",
...     "I can't log in", "Wake me at twenty five past nine", "send two thousand dollars to Ravi", "Where’s my order",
...     "what s my balance", "Will you call Ravi", "Wake me at 7 : 30",
...     "कृपया मेरा बैलेंस कितना है?", "mera balance kitna hai please",
... ]:
...     print(normalize(text))
what is the weather
what is the weather
set an alarm for 7 a.m.
i can not log in
wake me at 25 past 9
send 2000 dollars to Ravi
where is my order
what is my balance
will you call Ravi
wake me at 7:30
मेरा बैलेंस कितना है
mera balance kitna hai

Nothing else is: not the other capitals, decimal points and commas, signs, degrees, currencies, the marks of a text
that is no utterance, and no word that is talked about.

>>> pairs = [
...     ("5 mW", "5 MW"), ("call us", "call US"), ("a 3,5 kg bag", "a 35 kg bag"), ("it is 20°", "it is 20"),
...     ("pay 5$", "pay 5"), ("stop!", "stop"), ("what is 10²", "what is 102"), ("is O+ safe", "is O- safe"),
...     ("what is -5", "what is 5"), ("how do you say thank you", "how do you say thanks"), ("in Polish", "in polish"),
...     ("spell cant", "spell can't"), ("Translate: please", "Translate: thanks"), ("Maßen", "Massen"),
...     ("can i cancel it", "can you cancel it"), ("one of us", "1 of us"), ("hello fresh refund", "fresh refund"),
...     ("you are home?", "you are home"), ("हँस", "हंस"), ("फ़न", "फन"), ("text Jo thanks", "text Jo"),
... ]
>>> [pair for pair in pairs if normalize(pair[0]) == normalize(pair[1])]
[]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from caching.redaction import remember
from caching.semantic.text.fillers import drop_courtesy
from caching.semantic.text.lexicon import mixed_codes, table, words
from caching.semantic.text.numbers import fold_counts
from caching.semantic.text.reader import Token, TokenizedText, read


def plain(text: str) -> str:
    """Small letters and no final mark: what is embedded, and cheap, since each worker does it for every entry."""
    return " ".join(text.lower().rstrip(" .?!").split())


@remember(2048)
def normalize(text: str) -> str:
    """Return the words of an utterance separated by single spaces; any other text as it is."""
    tokens = said(text)
    return joined(tokens) if tokens else text


@remember(2048)
def said(text: str) -> Sequence[Token]:
    """Return the tokens of `same_words` in an utterance, none in any other text."""
    tokenized = read(text)
    return tuple(same_words(tokenized)) if tokenized else ()


def joined(tokens: Sequence[Token]) -> str:
    return " ".join([token.text for token in tokens])


def same_words(text: TokenizedText) -> list[Token]:
    """Return the tokens without what may differ between two texts of the same words; never empty."""
    language = text.language
    tokens = _lower_starts(text.tokens, language)
    if language:
        tokens = [part for token in _joined(tokens) for part in expand(token, language)]
        tokens = drop_courtesy(tokens, language)
        tokens = _lower_starts(tokens, language)
        tokens = fold_counts(tokens, language)
    return _without_last_mark(tokens, language)


def _lower_starts(tokens: Sequence[Token], language: str) -> list[Token]:
    """Small letters at the start of each sentence and in "I"."""
    found = list(tokens)
    small = words(language, "prepositions") | words(language, "function") if language else frozenset[str]()
    starts = True
    for at, token in enumerate(tokens):
        # Danish "I" is "you", and "i" is "in".
        if token.text == "I" and "en" in mixed_codes(language):
            found[at] = _lower(token)
        elif starts and token.text[0].isupper():
            follower = tokens[at + 1].text.lower() if at + 1 < len(tokens) else ""
            is_small = _is_modal(token.text, follower) or (len(token.text) == 1 and token.text.lower() in small)
            found[at] = _lower(token) if is_small else _lower_start(token)
        starts = token.kind == "end" or token.text in "¿¡"
    return found


def _is_modal(word: str, follower: str) -> bool:
    """ "Will you", "May I": no names."""
    return word in ("Will", "May") and follower in words("en", "subjects")


def _lower_start(token: Token) -> Token:
    """Never an acronym, and no word that means something else with a capital."""
    word = token.text
    if word[1:] != word[1:].lower() or "." in word:
        return token
    if (len(word) == 1 and word != "A") or word.lower() in words("en", "capitonyms"):
        return token
    return _lower(token)


def _lower(token: Token) -> Token:
    return token._replace(text=token.text.lower())


def _joined(tokens: list[Token]) -> list[Token]:
    """ "did n't" and "i d like", as corpora and speech recognizers write them, with their apostrophe."""
    joined: list[Token] = []
    for token in tokens:
        before = joined[-1].text if joined else ""
        if token.text == "n't" and before.isalpha():
            joined[-1] = joined[-1]._replace(text=f"{before}n't")
        elif token.text in _SPLIT and before in words("en", _SPLIT[token.text]):
            joined[-1] = joined[-1]._replace(text=f"{before}'{token.text}")
        else:
            joined.append(token)
    return joined


# Ends of contractions to the words that they follow.
_SPLIT = {"s": "clitic_is", "d": "pronouns", "m": "first_person", "ll": "pronouns", "ve": "pronouns", "re": "pronouns"}
_CLITICS = {"re": "are", "ll": "will", "ve": "have", "m": "am", "d": "would"}


def expand(token: Token, language: str) -> list[Token]:
    """A contraction in full; "john's" stays, since a possessive and "is" look the same."""
    word = token.text
    full = contractions(language).get(word)
    if full is None and "en" in mixed_codes(language):
        full = _clitic(word)
    return [token._replace(text=part) for part in full.split()] if full else [token]


@cache
def contractions(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for code in mixed_codes(language):
        found |= table(code).get("contractions", {})
    return found


def _clitic(word: str) -> str | None:
    stem, _, tail = word.rpartition("'")
    if tail == "t" and len(stem) > 1 and stem.endswith("n"):
        return f"{stem[:-1]} not"
    if tail == "s" and stem in words("en", "clitic_is"):
        return f"{stem} is"
    return f"{stem} {_CLITICS[tail]}" if tail in _CLITICS and stem.isalpha() else None


def _without_last_mark(tokens: list[Token], language: str) -> list[Token]:
    """A final full stop goes; a question mark where a question word or the verb in front says the same."""
    mark, before = tokens[-1].text, tokens[:-1]
    last = max((at for at, token in enumerate(before) if token.kind == "end"), default=-1)
    sentence = [token.text for token in before[last + 1 :] if token.text not in "¿¡"]
    if mark in (".", "।", "。") or (mark in ("?", "??", "？") and _asks(sentence, language)):
        return before
    return tokens


def _asks(sentence: list[str], language: str) -> bool:
    if not language:
        return False
    if language in ("hi", "hi_latn"):
        return not words(language, "question_words").isdisjoint(sentence)
    first = sentence[:1]
    return any(not words(language, kind).isdisjoint(first) for kind in ("question_words", "question_starts"))
