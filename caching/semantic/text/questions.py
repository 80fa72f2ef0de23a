"""One way to ask what is asked in several: "which movies are playing", "a salon that is unisex", "It failed. Why?".

>>> listed("what countries do you serve".split(), "en"), listed("what will the price be".split(), "en")
(['countries', 'do', 'you', 'serve'], ['will', 'the', 'price', 'be'])
>>> listed("what lights are on".split(), "en"), listed("what time do you close".split(), "en")
(['what', 'lights', 'are', 'on'], ['what', 'time', 'do', 'you', 'close'])
>>> with_property_first("find a rental car that is cheap".split(), "en")
['find', 'a', 'cheap', 'rental', 'car']
>>> with_property_first("lock the door that is open".split(), "en")
['lock', 'the', 'door', 'that', 'is', 'open']
>>> says_only_why(["why"], "en"), seeks_help("what should i do".split(), "en")
(True, True)
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import cache

from caching.semantic.text.folding import PAUSE
from caching.semantic.text.lexicon import mixed_codes, mixed_words, phrases, table, words
from caching.semantic.text.stemming import inflected

# Marks of what a frame asked.
EXISTS, WHAT = "<exists>", "<what>"
_BE, _DO = frozenset(["is", "are"]), frozenset(["do", "does"])
_DOING = _DO | {"did", "to", PAUSE}
_LINKS = (["that", "is"], ["that", "are"], ["which", "is"], ["which", "are"])
# Words of a property, at most: "a flight that is one way".
_PROPERTY = 2
_CAUSES = (["why"], ["how"])
# Words behind "what are" of which it asks what they are, at most: more of them list something.
_DEFINED = 2


def listed(sentence: list[str], language: str) -> list[str]:
    """ "what movies are playing" asks for movies, as "movies playing" does; "what will the price be" is read as
    "will the price be".
    """
    if sentence[:2] == ["what", "will"] and "be" in sentence[3:] and language == "en":
        return sentence[1:]
    if len(sentence) < 4 or sentence[0] not in mixed_words(language, "listing"):
        return sentence
    pronouns = mixed_words(language, "pronouns")
    if sentence[1] in mixed_words(language, "dropped") | mixed_words(language, "unlisted") | pronouns:
        return sentence
    asked = _BE.intersection(sentence[2:4]) and _particles(language).isdisjoint(sentence)
    # "do" is "give" in Hindi.
    said = sentence[2] in (_DO | pronouns) - words(language, "light_verbs")
    return sentence[1:] if asked or said else sentence


@cache
def _particles(language: str) -> frozenset[str]:
    return frozenset().union(*(table(code).get("particles", {}) for code in mixed_codes(language)))


def with_property_first(sentence: list[str], language: str) -> list[str]:
    """ "a salon that is unisex" as "a unisex salon"; not what could be an order then: "the door that is open"."""
    at = len(sentence) - _PROPERTY - 2
    link = next((start for start in range(max(at, 1), len(sentence) - 2) if sentence[start : start + 2] in _LINKS), 0)
    said = sentence[link + 2 :]
    if not link or not _grammar(language).isdisjoint(said):
        return sentence
    noun = link
    while noun and sentence[noun - 1] not in _grammar(language):
        noun -= 1
    return [*sentence[:noun], *said, *sentence[noun:link]] if noun < link else sentence


@cache
def _grammar(language: str) -> frozenset[str]:
    return frozenset().union(*(words(language, name) for name in ("function", "commands", "prepositions", "breaks")))


def with_states(tokens: Sequence[str], language: str) -> Sequence[str]:
    """Mark adjectives that are verbs too, in questions: "when are you open" is not "when do you open"."""
    states = words(language, "states_asked")
    if states.isdisjoint(tokens) or not (tokens[0] in _BE or words(language, "asking_states").intersection(tokens)):
        return tokens
    found: list[str] = []
    is_state = False
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        is_state = (is_state or (token in _BE and before != "that")) and token not in _DOING
        found.append(f"{token}_state" if is_state and token in states and after != "by" else token)
    return found


def asks_price(forms: Sequence[str], holding: Set[str]) -> bool:
    """ "how much is shipping" and "what does shipping cost", not "what affects the price of gold"."""
    if "price" not in forms or forms[0] not in ("how_much", "what"):
        return False
    after = forms[forms.index("price") + 1 :]
    return forms[0] != "what" or not after or (after[0] in holding and after[0] != "of")


def asked_for(frame: Sequence[str], rest: Sequence[str]) -> list[str]:
    """Return a mark for "is there a fee" and another for "what is the fee": both list what "find a fee" does.

    None for a chance: whoever asks whether there is one wants to know how great it is.
    """
    if not words("en", "chances").isdisjoint(rest):
        return []
    if frame[:1] == ("what",):
        return [WHAT]
    exists = frame[1:2] == ("there",) or (frame == ("do", "i", "have") and rest[:1] in (["a"], ["an"]))
    return [EXISTS] if exists else []


def defines(rest: Sequence[str], frame: Sequence[str], language: str) -> bool:
    """ "What is insulin" and "what are bonds" ask what that is; "what is the balance" asks to see it."""
    if language != "en" or not rest or tuple(frame) not in (("what", "is"), ("what", "are")):
        return False
    if len(rest) > _DEFINED and frame[1] == "are":
        return False
    first = rest[0]
    is_noun = first in words(language, "nouns_in_est")
    if not first.isalpha() or first.endswith("ing") or (first.endswith("est") and not is_noun):
        return False
    # "What is interest", unlike "what is interest on my loan".
    if not _shown(language).isdisjoint(rest) and not (is_noun and len(rest) == 1):
        return False
    return first not in _grammar(language) | words(language, "vague") | words(language, "articles")


@cache
def _shown(language: str) -> frozenset[str]:
    """Return what is asked for by "what is" without an article: "weather in Rome", "nearby museums", "today's date"."""
    times = table(language)["guards"]["times"].values()
    names = ("relational", "topics", "floating", "owners", "aspects")
    return frozenset().union(*(words(language, name) for name in names), *(each.split() for each in times))


def states(spoken: Sequence[str], language: str) -> bool:
    """Return True if only a mark makes a question of the last clause: "the shop is open?", "दुकान खुली है?".

    It has a finite verb, which does not stand in front: "my balance?" is as good as "my balance".
    """
    last = max((at for at, word in enumerate(spoken) if word == PAUSE), default=-1)
    clause = spoken[last + 1 :]
    if language != "en":
        futures = tuple(words(language, "futures"))
        return not words(language, "finite").isdisjoint(clause) or any(word.endswith(futures) for word in clause)
    first = clause[0]
    if not words("en", "question_words").isdisjoint(clause) or first in _begun("en") - words("en", "subjects"):
        return False
    verbs = words("en", "inverted") | words("en", "pasts")
    return first in words("en", "pronouns") or any(
        word in verbs or inflected(word, "en").endswith("+ed") or _is_present(clause, at)
        for at, word in enumerate(clause[1:], 1)
    )


def _is_present(clause: Sequence[str], at: int) -> bool:
    """ "my card works", "my cards work", "delivery costs 5 euros"; not "the delivery costs to Malta"."""
    word = clause[at]
    verb = f"{word}s" if clause[at - 1].endswith("s") else word
    if verb in words("en", "presents"):
        return True
    if verb not in words("en", "presents_of_something") or at + 1 == len(clause):
        return False
    return clause[at + 1] not in words("en", "prepositions")


@cache
def _begun(language: str) -> frozenset[str]:
    """Return what orders and questions begin with."""
    return words(language, "commands") | words(language, "question_starts") | words(language, "prepositions")


def says_only_why(rest: Sequence[str], language: str) -> bool:
    """A question word that asks about the sentence in front: "My card was declined. Why?"."""
    return language == "en" and list(rest) in _CAUSES


def seeks_help(sentence: Sequence[str], language: str) -> bool:
    return " ".join(sentence) in phrases(language, "seeking_help")
