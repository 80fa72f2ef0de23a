"""Rules that begin with a phrase, and the frames at the start of a sentence: "I was wondering", "help me find".

>>> asked_directly("could you tell me how i can pay".split(), "en")
['how', 'can', 'i', 'pay']
>>> asked_directly("do you know if my card was declined".split(), "en")
['was', 'my', 'card', 'declined']
>>> asked_directly("tell me a joke".split(), "en")
['tell', 'me', 'a', 'joke']
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from caching.semantic.text.clauses import in_plain_order
from caching.semantic.text.folding import PAUSE
from caching.semantic.text.lexicon import mixed_codes, phrases, table, words
from caching.semantic.text.verb_places import asks_at, main_clause, tells_by_order

Words = tuple[str, ...]
# First word to the phrases that begin with it, each with the words instead: by their length, the longest first.
Rules = dict[str, dict[int, dict[Words, Words]]]
# "Tell me when it is done" asks to be told then.
_NOTIFIED = frozenset(["when", "if", "whether"])
_MAY = frozenset(["can", "may", "could"])
_BESIDE = frozenset(["with", "without", "before", "after", "during", "while", "if", "when"])
_KNOWN_THINGS = frozenset(["the", "my", "our", "your", "his", "her", "their", "this", "that"])
# Words of a subject, at most, in front of the verb of an embedded question: "if my new credit card was declined".
_SUBJECT = 4


def by_first_word(table: dict[str, str]) -> Rules:
    found: Rules = {}
    for phrase in sorted(table, key=lambda phrase: -len(phrase.split())):
        split = tuple(phrase.split())
        found.setdefault(split[0], {}).setdefault(len(split), {})[split] = tuple(table[phrase].split())
    return found


def matched(tokens: Sequence[str], at: int, rules: Rules) -> tuple[Words, Words] | None:
    """The words of the longest rule that fits at `at`, and the words instead; "#" in a rule is any figure."""
    if at >= len(tokens):
        return None
    found = rules.get("#" if tokens[at].isdecimal() else tokens[at])
    if not found:
        return None
    # Looked up, and not compared with each rule: this reads every question twice at each of its words.
    said = tuple(["#" if word.isdecimal() else word for word in tokens[at : at + next(iter(found))]])
    for length, same_length in found.items():
        instead = same_length.get(said[:length])
        if instead is not None:
            spoken = tuple(tokens[at : at + length])
            figures = (word for word in spoken if word.isdecimal())
            return spoken, tuple(next(figures, "") if word == "#" else word for word in instead)
    return None


def rewritten(tokens: list[str], rules: Rules) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(tokens):
        rule = matched(tokens, at, rules)
        if rule is None:
            found.append(tokens[at])
            at += 1
        else:
            found += rule[1]
            at += len(rule[0])
    return found


def between_pauses(tokens: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for token in tokens:
        if token == PAUSE:
            found.append([])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def without_frames(sentence: list[str], frames: Rules, language: str) -> tuple[list[str], tuple[str, ...]]:
    """The rest, and the last frame. They may follow one another: "I was wondering", "if you could", "help me find"."""
    frame: tuple[str, ...] = ()
    for _ in range(6):
        sentence = in_plain_order(asked_directly(sentence, language), language)
        rule = matched(sentence, 0, frames)
        if rule is None or _asks_to_be_told_then(rule[0], sentence, language) or _looks_inside(rule[0], sentence):
            break
        if _asks_whether_it_may(rule[0], sentence):
            return ["whether", "can", *sentence[2:]], ()
        frame = rule[0]
        sentence = [*rule[1], *sentence[len(frame) :]]
        if rule[1]:
            break
    return sentence, frame


def with_what_is_asked(sentences: list[list[str]], language: str) -> list[list[str]]:
    """ "Sag mir" and, behind a comma, "was es kostet" in one sentence; "no" alone in "no, cancel it"."""
    found: list[list[str]] = []
    for sentence in sentences:
        if found and words(language, "whether") and " ".join(found[-1]) in _asking_phrases(language):
            found[-1] = [*found[-1], *sentence]
        else:
            if found and found[-1][-1] in _negations(language):
                found[-1][-1] += "+ALONE"
            found.append(sentence)
    return found


@cache
def _negations(language: str) -> frozenset[str]:
    return frozenset().union(*(table(code)["guards"]["negation"].split() for code in mixed_codes(language)))


def asked_directly(sentence: list[str], language: str) -> list[str]:
    """A question that another one asks for, as it would be asked by itself: "do you know where I can park"."""
    rule = matched(sentence, 0, _asking(language))
    rest = sentence[len(rule[0]) :] if rule else []
    if rule is None or len(rest) < 2 or _asks_to_be_told_then(rule[0], sentence, language):
        return sentence
    if words(language, "whether"):
        asked = main_clause(rest, language)
        return asked if asked != rest or asks_at(rest, language) else sentence
    auxiliaries = words(language, "inverted")
    if rest[0] in words(language, "question_words"):
        swapped = rest[1] in words(language, "pronouns") and rest[2:3] and rest[2] in auxiliaries
        return [rest[0], rest[2], rest[1], *rest[3:]] if swapped else rest
    if rest[0] not in ("if", "whether"):
        return sentence
    verb = next((at for at in range(2, min(len(rest), _SUBJECT + 2)) if rest[at] in auxiliaries), 0)
    return [rest[verb], *rest[1:verb], *rest[verb + 1 :]] if verb else ["does", *rest[1:]]


def _asks_whether_it_may(frame: Words, sentence: Sequence[str]) -> bool:
    """ "can I have wine with aspirin" and "can I get a refund after 30 days" ask for nothing to be brought.

    "Can I get a pizza with cheese" and "can I get a cab after 8 pm" do.
    """
    if frame[0] not in _MAY or frame[1:] not in (("i", "have"), ("i", "get")):
        return False
    rest = sentence[len(frame) :]
    at = next((at for at, word in enumerate(rest) if word in _BESIDE), -1)
    if at < 0 or frame[2] == "have" or rest[0] == "to":
        return at >= 0
    is_clock = ":" in "".join(rest[at + 1 : at + 2]) or rest[at + 2 : at + 3] in (["am"], ["pm"])
    return rest[at] not in ("with", "without") and not is_clock


def _looks_inside(frame: Words, sentence: Sequence[str]) -> bool:
    """ "search my bag" looks for something in it, unlike "search cheap hotels"."""
    return frame[-1] == "search" and not _KNOWN_THINGS.isdisjoint(sentence[len(frame) : len(frame) + 1])


def _asks_to_be_told_then(frame: tuple[str, ...], sentence: Sequence[str], language: str) -> bool:
    then = sentence[len(frame) : len(frame) + 1]
    notified = words(language, "notified") or _NOTIFIED
    return " ".join(frame) in phrases(language, "telling") and not notified.isdisjoint(then)


def asks_whether(spoken: Sequence[str], language: str) -> bool:
    """ "Do you know if there is a bank": a question, though what is left of it may look like a statement."""
    rule = matched(spoken, 0, _asking(language))
    rest = spoken[len(rule[0]) :] if rule else ()
    if not rest or rest[0] not in words(language, "whether") or tells_by_order(language):
        return False
    return words(language, "question_starts").isdisjoint(rest[1:2])


@cache
def _asking(language: str) -> Rules:
    return by_first_word(dict.fromkeys(_asking_phrases(language), ""))


def _asking_phrases(language: str) -> tuple[str, ...]:
    return *phrases(language, "asking"), *phrases(language, "telling")
