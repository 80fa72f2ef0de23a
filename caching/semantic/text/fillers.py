"""Greetings and "um" at the very beginning of an utterance, "thanks" at its end, and "please" at either."""

from __future__ import annotations

from functools import cache

from caching.semantic.text.lexicon import phrases, with_english, words
from caching.semantic.text.reader import Token

_POLITE = ("hesitations", "polite")


def drop_courtesy(tokens: list[Token], language: str) -> list[Token]:
    """Unchanged where what would be left does not begin like a sentence, or the words may be what is sent or played."""
    start = _after_openers(tokens, language)
    end = _before_closers(tokens, start, language)
    kept = tokens[start:end]
    if end < len(tokens) and tokens[-1].kind == "end" and end != len(tokens) - 1:
        kept = [*kept, tokens[-1]]
    return kept if any(token.kind in ("word", "number") for token in kept) else tokens


def _after_openers(tokens: list[Token], language: str) -> int:
    at = 0
    while length := _opener(tokens, at, language):
        after = at + length
        paused = after < len(tokens) and tokens[after].kind in ("pause", "end")
        after += paused
        if after >= len(tokens):
            break
        follower = tokens[after]
        courteous = length == 1 and tokens[at].text.lower() in _polite_words(language) and follower.text.islower()
        if not (paused or courteous or _begins_a_sentence(follower, language)):
            break
        at = after
    return at


def _opener(tokens: list[Token], at: int, language: str) -> int:
    """Length in tokens of the greeting or hesitation that starts at `at`; 0 where there is none."""
    if at >= len(tokens) or tokens[at].text.lower() not in _first_words(language):
        return 0
    spoken = [token.text.lower() for token in tokens[at : at + 4]]
    for phrase in _courtesies(language, "openers"):
        if spoken[: len(phrase)] == list(phrase):
            return len(phrase)
    return 0


@cache
def _courtesies(language: str, name: str) -> tuple[tuple[str, ...], ...]:
    """Return the phrases of the table `openers` or `closers`, and the words of courtesy, the longest first.

    No hesitation closes: "shop open ah" asks, as "eh" does.
    """
    polite = _POLITE if name == "openers" else ("polite",)
    every = [phrase for code in with_english(language) for phrase in phrases(code, name)]
    every += [word for code in with_english(language) for kind in polite for word in words(code, kind)]
    return tuple(sorted((tuple(phrase.split()) for phrase in every), key=len, reverse=True))


@cache
def _polite_words(language: str) -> frozenset[str]:
    """ "please" and "um" begin no name, as "hello" does."""
    return frozenset().union(*(words(code, name) for code in {language, "en"} for name in _POLITE))


@cache
def _first_words(language: str) -> frozenset[str]:
    return frozenset(phrase[0] for phrase in _courtesies(language, "openers"))


@cache
def _last_words(language: str) -> frozenset[str]:
    return frozenset(phrase[-1] for phrase in _courtesies(language, "closers"))


@cache
def _starts(language: str) -> frozenset[str]:
    names = ("question_words", "question_starts", "function", "commands", "hesitations", "polite")
    return frozenset().union(*(words(code, name) for code in {language, "en"} for name in names))


def _begins_a_sentence(token: Token, language: str) -> bool:
    """ "hello fresh" is a name, "hello where" is none."""
    if language == "hi":
        return True
    return token.text in _starts(language) or (token.text[0].isupper() and token.text.lower() in _starts(language))


def _before_closers(tokens: list[Token], start: int, language: str) -> int:
    """Place after the last token that is kept; the final mark may follow."""
    end = len(tokens)
    if end and tokens[-1].kind == "end":
        end -= 1
    if end <= start or tokens[end - 1].text.lower() not in _last_words(language):
        return len(tokens)
    sent = not _carriers(language).isdisjoint(token.text.lower() for token in tokens[start:end])
    kept = end
    while length := _closer(tokens, start, kept, language):
        before = kept - length
        paused = before > start and tokens[before - 1].kind in ("pause", "end")
        if before - start < 2 or not (paused or _may_end(tokens[start:before], sent, language)):
            break
        kept = before - (tokens[before - 1].kind == "pause")
    return len(tokens) if kept == end else kept


def _closer(tokens: list[Token], start: int, end: int, language: str) -> int:
    if end <= start or tokens[end - 1].text.lower() not in _last_words(language):
        return 0
    for phrase in _courtesies(language, "closers"):
        length = len(phrase)
        if end - length > start and [token.text.lower() for token in tokens[end - length : end]] == list(phrase):
            return length
    return 0


@cache
def _carriers(language: str) -> frozenset[str]:
    return words(language, "carriers") | words("en", "carriers")


def _may_end(tokens: list[Token], sent: bool, language: str) -> bool:
    """Return True if the words before a closer are a sentence; "play please" and "the word for thanks" need theirs."""
    if sent or len(tokens) < 2:
        return False
    last = tokens[-1].text.lower()
    return last not in words(language, "prepositions") and (last,) not in _courtesies(language, "closers")
