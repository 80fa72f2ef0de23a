"""One phrasing for what is said in several: frames ("I need to", "can you help me"), phrasal verbs, times, synonyms.

Every rule is a line of a lexicon, so each states one difference that is known to be harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from caching.semantic.text.folding import PAUSE
from caching.semantic.text.lexicon import phrases, table, words
from caching.semantic.text.stemming import inflected

Rules = dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]
_PARTICLE_REACH = 6
"""Words between a verb and its particle: "turn the small kitchen light on"."""


@dataclass(frozen=True, slots=True)
class _Rules:
    frames: Rules
    """At the start of a sentence."""
    rewrites: Rules
    """Anywhere."""
    particles: dict[str, frozenset[str]]
    """Particle to the verbs that it belongs to."""
    same: dict[str, str]
    """Word to the word that stands for all that mean the same."""
    dropped: frozenset[str]


@cache
def _rules(language: str) -> _Rules:
    codes = ("en", language) if language == "hi_latn" else (language,)
    tables = [table(code) for code in codes]
    frames = {phrase: "" for code in codes for phrase in phrases(code, "frames")}
    rewrites: dict[str, str] = {}
    for each in tables:
        frames |= each.get("opening", {})
        rewrites |= each.get("rewrites", {})
    same: dict[str, str] = {}
    for code, each in zip(codes, tables, strict=True):
        for first, others in each.get("same", {}).items():
            chosen = inflected(first, code)
            target = same.get(chosen, chosen)
            same |= {inflected(word, code): target for word in others.split() if inflected(word, code) != target}
    return _Rules(
        _by_first_word(frames),
        _by_first_word(rewrites),
        {name: frozenset(verbs.split()) for each in tables for name, verbs in each.get("particles", {}).items()},
        same,
        frozenset().union(*(words(code, "dropped") for code in codes)),
    )


def _by_first_word(table: dict[str, str]) -> Rules:
    found: Rules = {}
    for phrase in sorted(table, key=lambda phrase: -len(phrase.split())):
        split = tuple(phrase.split())
        found.setdefault(split[0], []).append((split, tuple(table[phrase].split())))
    return found


def phrased(tokens: Sequence[str], language: str) -> list[str]:
    """Return the words that remain, each in the form that stands for all its forms; pauses stay."""
    rules = _rules(language)
    found: list[str] = []
    for sentence in _between_pauses(tokens):
        if found:
            found.append(PAUSE)
        found += _with_particles(_rewritten(_without_frames(sentence, rules), rules.rewrites), rules.particles)
    chosen: list[str] = []
    for word in found:
        if word not in rules.dropped:
            form = inflected(word, language)
            chosen.append(rules.same.get(form, form))
    return chosen


def _between_pauses(tokens: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for token in tokens:
        if token == PAUSE:
            found.append([])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def _without_frames(sentence: list[str], rules: _Rules) -> list[str]:
    """Frames may follow one another: "I was wondering", "if you could", "help me find"."""
    for _ in range(6):
        rule = _match(sentence, 0, rules.frames)
        if rule is None or (len(rule[0]) == len(sentence) and not rule[1]):
            break
        sentence = [*rule[1], *sentence[len(rule[0]) :]]
        if rule[1]:
            break
    return sentence


def _match(tokens: list[str], at: int, rules: Rules) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    for phrase, instead in rules.get(tokens[at], ()) if at < len(tokens) else ():
        if tuple(tokens[at : at + len(phrase)]) == phrase:
            return phrase, instead
    return None


def _rewritten(tokens: list[str], rules: Rules) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(tokens):
        rule = _match(tokens, at, rules)
        if rule is None:
            found.append(tokens[at])
            at += 1
        else:
            found += rule[1]
            at += len(rule[0])
    return found


def _with_particles(tokens: list[str], particles: dict[str, frozenset[str]]) -> list[str]:
    """ "turn the light on" and "turn on the light" with the verb `turn_on`."""
    found = list(tokens)
    for at, particle in enumerate(tokens):
        verbs = particles.get(particle)
        if not verbs:
            continue
        for before in range(at - 1, max(-1, at - 1 - _PARTICLE_REACH), -1):
            if found[before] in verbs:
                found[before], found[at] = f"{found[before]}_{particle}", ""
                break
    return [token for token in found if token]
