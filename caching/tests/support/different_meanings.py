# ruff: noqa: E501
"""Pairs of questions with different answers, made of every kind of small difference that a folding might swallow.

    python -m caching.tests.support.different_meanings 100000

prints how many of as many pairs normalise to the same text.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from random import Random

Pair = tuple[str, str]
Maker = Callable[[Random], Pair]

_CARRIERS = (
    "what is {}", "What is {}?", "is {} safe", "please tell me about {}", "how much is {}", "{}", "show me {} today",
    "Hey, what does {} cost", "can you explain {} please", "um what is {}", "was ist {}", "que es {}", "{} kya hai",
)  # fmt: skip
_THINGS = (
    "milk",
    "the order",
    "rice",
    "my card",
    "a ticket",
    "the road",
    "oil",
    "the lamp",
    "Ravi",
    "cement",
    "the file",
)
_VERBS = ("open", "close", "sell", "clean", "call", "paint", "move", "check", "wash", "lift")
_MENTIONS = (
    "Translate to French: {}", "how do you say {}", "spell {}", "Rewrite politely: {}", "fix the grammar of {}",
    "how many letters are in {}", "how do I pronounce {}", "what does {} mean", "translate {} to german",
    "wie sagt man {}", "traduis {}", "cómo se dice {}", "say {}", "what is the plural of {}", "repeat {}", "type {}", "can you type {}",
)  # fmt: skip


def _in_carrier(random: Random, one: str, other: str) -> Pair:
    carrier = random.choice(_CARRIERS)
    return carrier.format(one), carrier.format(other)


def _between(*pairs: Pair) -> Maker:
    return lambda random: _in_carrier(random, *random.choice(pairs))


def _numbered(first: str, second: str) -> Maker:
    """Formats of a number `n`, a digit `d` and a thing `t`."""

    def make(random: Random) -> Pair:
        values = {"n": random.randint(2, 999), "d": random.randint(2, 9), "t": random.choice(_THINGS)}
        return _in_carrier(random, first.format(**values), second.format(**values))

    return make


def _mentioned(one: str, other: str) -> Maker:
    def make(random: Random) -> Pair:
        carrier = random.choice(_MENTIONS)
        thing = random.choice(_THINGS)
        return carrier.format(one.format(thing)), carrier.format(other.format(thing))

    return make


def _whole(*pairs: Pair) -> Maker:
    def make(random: Random) -> Pair:
        one, other = random.choice(pairs)
        values = {"t": random.choice(_THINGS), "v": random.choice(_VERBS), "n": random.randint(2, 99)}
        return one.format(**values), other.format(**values)

    return make


KINDS: dict[str, Maker] = {
    "superscript": _numbered("10{d}", "10\N{SUPERSCRIPT TWO}"),
    "superscript of a letter": _between(("x²", "x2"), ("a³", "a3"), ("m²", "m2"), ("①", "1"), ("½", "1/2")),
    "case of a unit": _between(
        ("5 mW", "5 MW"), ("5 Mb", "5 MB"), ("5 nM", "5 nm"), ("1 M", "1 m"), ("3 Kb", "3 KB"), ("7 k", "7 K")
    ),
    "acronym": _between(
        ("US", "us"), ("IT", "it"), ("WHO", "who"), ("AIDS", "aids"), ("NO", "no"), ("LA", "la"), ("ARM", "arm")
    ),
    "modal or name": _whole(("Will {v} {t}", "will {v} {t}"), ("May {v} {t}", "may {v} {t}")),
    "letter or contraction": _between(("a d", "a'd"), ("plan s", "plan's"), ("vitamin d", "vitamin'd")),
    "ratio": _numbered("{n} : {d}", "{n}{d}"),
    "capitonym": _between(("Polish", "polish"), ("March", "march"), ("Turkey", "turkey"), ("Nice", "nice")),
    "capital of a single word": _between(("a Robin", "a robin"), ("the Crown", "the crown"), ("a Pole", "a pole")),
    "sharp s": _between(("Maßen", "Massen"), ("Buße", "Busse"), ("die Maße", "die Masse")),
    "accent": _between(("año", "ano"), ("schön", "schon"), ("résumé", "resume"), ("pêche", "péché"), ("ou", "où")),
    "nukta and nasal": _between(("फ़न", "फन"), ("राज़", "राज"), ("हँस", "हंस")),
    "factorial": _numbered("{n}!", "{n}"),
    "exclamation": _whole(("{v} {t}!", "{v} {t}"), ("Yahoo! mail", "Yahoo mail")),
    "operator": _between(
        ("a + b", "a - b"), ("i++", "i--"), ("a && b", "a || b"), ("a & b", "a && b"), ("x ** 2", "x * 2"),
        ("a == b", "a != b"), ("a < b", "a > b"), ("a / b", "a * b"), ("(1+2)*3", "1+(2*3)"), ("O+", "O-"), ("-x", "+x"),
    ),
    "brackets": _between(("{}", "[]"), ("[1]", "(1)"), ("{1}", "[1]"), ("[]", "()"), ("|−3|", "−3")),
    "smiley": _between((":)", ":("), (";)", ";("), ("😀", "😢"), ("<3", "</3")),
    "flag": _between(("ls -a", "ls -A"), ("grep -v", "grep -V"), ("chmod +x", "chmod -x"), ("rm -r", "rm -f")),
    "prime": _numbered("{n}′", "{n}″"),
    "decimal comma": _numbered("a {d},5 kg bag", "a {d}5 kg bag"),
    "decimal point": _numbered("{d}.5", "{d}5"),
    "leading point": _numbered(".{d}", "{d}"),
    "list of numbers": _numbered("{d},{n}", "{d}{n}"),
    "sign": _numbered("-{n}", "{n}"),
    "sign behind a space": _numbered("- {n}", "{n}"),
    "en dash": _numbered("–{n} celsius", "{n} celsius"),
    "plus": _numbered("+{n}", "{n}"),
    "zone": _numbered("UTC + {d}", "UTC - {d}"),
    "degree": _numbered("{n}°", "{n}"),
    "percent": _numbered("{n}%", "{n}"),
    "currency": _numbered("${n}", "€{n}"),
    "currency or none": _numbered("${n}", "{n}"),
    "fraction": _numbered("{d}/{n}", "{d}{n}"),
    "star": _numbered("dial *{n}#", "dial {n}"),
    "other figure": _numbered("{n} {t}", "{n}0 {t}"),
    "number word or pronoun": _between(("one of us", "1 of us"), ("the one", "the 1"), ("Seven", "7")),
    "half of a day": _numbered("{d} am", "{d} pm"),
    "unit": _numbered("{n} kg of {t}", "{n} g of {t}"),
    "identifier": _between(("aBcD", "AbCd"), ("Abc123", "ABC123"), ("print(x)", "print(X)"), ("ab-12", "ab12")),
    "address": _between(("x.com/Ab1", "x.com/aB1"), ("http://a.b/c", "http://a.b/C"), ("a@b.com", "a@b.org")),
    "indent": _whole(("for i in x:\n    a()\n    b()", "for i in x:\n    a()\nb()"), ("a\n\nb", "a b"), ("a\tb", "a b")),
    "courtesy mentioned": _mentioned("please", "thanks"),
    "courtesy in a payload": _mentioned("please open {}", "open {}"),
    "greeting mentioned": _mentioned("hello {}", "{}"),
    "contraction mentioned": _mentioned("I dont know {}", "I don't know {}"),
    "apostrophe mentioned": _mentioned("its {}", "it's {}"),
    "number word mentioned": _mentioned("seven {}", "7 {}"),
    "capital mentioned": _mentioned("{} I see", "{} i see"),
    "in quotes": _whole(('how long is "{t}, please"', 'how long is "{t}"'), ("is 'isn't' a word", "is 'is not' a word")),
    "behind a colon": _whole(("Classify: {t} is fine thanks", "Classify: {t} is fine"), ("Fix: its {t}", "Fix: it's {t}")),
    "sent courtesy": _whole(
        ("text Ravi thanks", "text Ravi"), ("tell mom thank you", "tell mom"), ("write {t} please", "write {t}"),
        ("reply thanks", "reply"), ("play please please", "play please"), ("the opposite of please", "the opposite of"),
    ),
    "greeting in a name": _whole(
        ("hello fresh refund", "fresh refund"), ("Hello Kitty bag", "Kitty bag"), ("hey jude lyrics", "jude lyrics")
    ),
    "possessive": _whole(("the driver's licence", "the drivers' licence"), ("its {t}", "it's {t}")),
    "spaces in a word": _whole(("every day {t}", "everyday {t}"), ("a part of {t}", "apart of {t}"), ("re sign", "resign")),
    "question or statement": _whole(("you sold {t}?", "you sold {t}"), ("he did {v} {t}?", "he did {v} {t}")),
    "pause": _whole(("no, {v} {t}", "no {v} {t}"), ("let us eat, Ravi", "let us eat Ravi"), ("{v} {t}. now", "{v} {t} now")),
    "negation": _whole(("do not {v} {t}", "{v} {t}"), ("can i {v} {t}", "can't i {v} {t}")),
    "modal": _whole(("can i {v} {t}", "should i {v} {t}"), ("must i {v} {t}", "may i {v} {t}")),
    "tense": _whole(("did you {v} {t}", "will you {v} {t}"), ("is {t} here", "was {t} here")),
    "person": _whole(("can i {v} it", "can you {v} it"), ("{v} my lamp", "{v} your lamp")),
    "order": _whole(("{v} {t} from A to B", "{v} {t} from B to A"), ("convert {n} km to miles", "convert {n} miles to km")),
    "article": _whole(("{v} a lamp", "{v} the lamp"), ("is few left", "is a few left")),
    "preposition": _whole(("by Monday {v} it", "after Monday {v} it"), ("{v} it with {t}", "{v} it without {t}")),
}  # fmt: skip


def pairs(count: int, seed: int = 0) -> Iterator[tuple[str, Pair]]:
    """Yield the kind and the two texts, all kinds alike often."""
    random = Random(seed)
    names = list(KINDS)
    for at in range(count):
        name = names[at % len(names)]
        one, other = KINDS[name](random)
        if one != other:
            yield name, (one, other)


if __name__ == "__main__":
    from caching.semantic.text.normalize import normalize

    found = list(pairs(int(sys.argv[1])))
    equal = [(name, pair) for name, pair in found if normalize(pair[0]) == normalize(pair[1])]
    sys.stdout.write(f"{len(found)} pairs of {len(KINDS)} kinds, {len(equal)} equal\n{dict(equal)}\n")
